"""One request and its response, as the boundary sees them."""

from __future__ import annotations

import asyncio
import re
import time
from typing import TYPE_CHECKING

from fastapi.exceptions import ResponseValidationError
from starlette.requests import Request
from uuid_utils import uuid7

from fastgres.errors import PayloadTooLargeError, UnavailableError, UncommittedChangesError
from fastgres.http.access import log_access
from fastgres.http.body import RequestBody
from fastgres.http.fault import INTERNAL, Fault, fault_of, internal_with_cause
from fastgres.http.headers import (
    drop_broken,
    encode_value,
    is_plain_text,
    not_about_the_body,
    refuse_broken,
)
from fastgres.http.problem import PROBLEM_JSON
from fastgres.http.routes import path_inside
from fastgres.http.unit import UNIT, RequestUnit
from fastgres.observability import bind_request_id, get_logger, reset_request_id

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from fastgres.http.policy import Policy

log = get_logger(__name__)

REQUEST_ID = "fastgres.request_id"
"""Key of the request's id in the ASGI scope."""

_well_formed = re.compile(rb"[A-Za-z0-9._-]{1,128}").fullmatch


class Exchange:
    """Carry one request through the application and see to what leaves."""

    __slots__ = (
        "body",
        "complete",
        "policy",
        "replaced",
        "request_id",
        "scope",
        "size",
        "started",
        "status",
        "unit",
        "wire",
        "wire_receive",
    )

    def __init__(self, policy: Policy, scope: Scope, receive: Receive, *, send: Send) -> None:
        self.policy = policy
        self.scope = scope
        self.wire_receive = receive
        self.wire = send
        self.unit = RequestUnit(policy.lifecycle)
        self.body: RequestBody | None = None
        self.request_id = ""
        self.started = False
        self.replaced = False
        self.complete = False
        self.status = 0
        self.size = 0

    async def run(self, app: ASGIApp) -> None:
        """Answer the request; whatever goes wrong inside becomes a problem document."""
        began = time.perf_counter()
        mounted = REQUEST_ID in self.scope
        headers = dict(self.scope["headers"])
        self._identify(headers.get(b"x-request-id"))
        token = bind_request_id(self.request_id)
        lifecycle = self.policy.lifecycle
        lifecycle.active += 1
        try:
            if not await self._refuse(headers):
                receive = self.wire_receive if self.body is None else self.body.receive
                await app(self.scope, receive, self.send)
        except asyncio.CancelledError as error:
            if _nobody_cancels():
                await self._fail(error)
            else:
                await self._cut_off()
                raise
        except Exception as error:  # noqa: BLE001 - the boundary answers for every error
            await self._fail(error)
        finally:
            await self.unit.abandon()
            lifecycle.active -= 1
            if not mounted:
                log_access(self.scope, status=self.status, size=self.size, began=began)
            reset_request_id(token)

    def _identify(self, given: bytes | None) -> None:
        """Take the id of the application around this one, the client's if it is well formed."""
        known = given is not None and _well_formed(given)
        own = given.decode() if given is not None and known else uuid7().hex
        self.request_id = self.scope.setdefault(REQUEST_ID, own)
        self.scope[UNIT] = self.unit

    async def _refuse(self, headers: dict[bytes, bytes]) -> bool:
        """Answer what must not reach the application: strange host, preflight, large body."""
        policy = self.policy
        if (b"content-length" in headers) or (b"transfer-encoding" in headers):
            self.body = RequestBody(self.wire_receive, limit=policy.limit, patience=policy.patience)
            self.body.declared = policy.check_length(headers)
        policy.check_host(self.scope)
        if policy.cors is None or self.scope["method"] != "OPTIONS":
            return False
        answer = policy.cors.preflight(self.scope)
        if isinstance(answer, Fault):
            await self._answer(answer)
        elif answer is not None:
            await answer(self.scope, self.wire_receive, self.send)
        return answer is not None

    async def send(self, message: Message) -> None:
        """Pass a message of the application on; see to the unit before the first byte."""
        if self.replaced:
            return
        if message["type"] != "http.response.start":
            if message["type"] == "http.response.body":
                self.size += len(message.get("body", b""))
                self.complete = not message.get("more_body", False)
            await self.wire(message)
        elif (fault := self._replacement(message)) is not None:
            self.replaced = True
            await self._answer(fault, kept=not_about_the_body(message.get("headers", ())))
        else:
            await self.unit.settle(message["status"])
            await self._start(message["status"], [*message.get("headers", ())])

    def _replacement(self, message: Message) -> Fault | None:
        """Return the problem to send instead: for a broken body, and for errors in plain text."""
        if self.body is not None and self.body.fault is not None:
            return Fault.of_problem(self.body.fault)
        if message["status"] >= 400 and is_plain_text(message.get("headers", ())):
            return Fault.of_status(message["status"])
        return None

    async def _cut_off(self) -> None:
        """Answer a request that the server cancels, as it does with those outlasting shutdown."""
        log.warning("request cancelled", path=self.scope["path"])
        if not self.started:
            self.replaced = True
            gone = UnavailableError("The service is shutting down.")
            await self._answer(Fault.of_problem(gone))

    async def _fail(self, error: BaseException) -> None:
        """Answer an error that left the application, or drop the connection if too late."""
        broken = self.body.fault if self.body is not None else None
        fault = fault_of(broken or error)
        log_error(broken or error, fault, cut_off=self.started and not self.complete)
        if not self.started and not (fault is INTERNAL and await self._ask_handler(error)):
            self.replaced = True
            shows_cause = fault is INTERNAL and self.policy.lifecycle.settings.debug
            await self._answer(internal_with_cause(error) if shows_cause else fault)
        elif not self.complete:
            raise error

    async def _ask_handler(self, error: BaseException) -> bool:
        """Let the service's own handler of bugs answer; False when it does not."""
        handler = self.policy.bug_handler
        if handler is None or not isinstance(error, Exception):
            return False
        await self.unit.abandon()
        try:
            response = await handler(Request(self.scope), error)
            await response(self.scope, self.wire_receive, self.send)
        except Exception as failure:  # noqa: BLE001 - the boundary answers for the handler too
            log_error(failure, INTERNAL, cut_off=self.started)
        return self.started

    async def _answer(self, fault: Fault, *, kept: Iterable[tuple[bytes, bytes]] = ()) -> None:
        await self.unit.abandon()
        content = fault.render(self.request_id)
        own = [
            (name.lower().encode(), encode_value(value)) for name, value in fault.headers.items()
        ]
        names = {name for name, _ in own}
        headers = [
            (b"content-type", PROBLEM_JSON.encode()),
            (b"content-length", str(len(content)).encode()),
            (b"cache-control", b"no-store"),
            *own,
            *(header for header in kept if header[0] not in names),
        ]
        headers = drop_broken(headers)
        self.size = len(content)
        await self._start(fault.status, headers)
        await self.wire({"type": "http.response.body", "body": content, "more_body": True})
        if self.body is not None and fault.code == PayloadTooLargeError.code:
            await self.body.linger(
                waits=any(name == b"expect" for name, _ in self.scope["headers"])
            )
        self.complete = True
        await self.wire({"type": "http.response.body", "body": b"", "more_body": False})

    async def _start(self, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        refuse_broken(headers)
        headers = [one for one in headers if one[0] != b"x-request-id"]
        headers.append((b"x-request-id", self.request_id.encode()))
        self.policy.security.add(headers, path_inside(self.scope))
        if self._leaves() and all(name != b"connection" for name, _ in headers):
            headers.append((b"connection", b"close"))
        message = {"type": "http.response.start", "status": status, "headers": headers}
        if self.policy.cors is None:
            await self.wire(message)
        else:
            await self.policy.cors.mark(message, self.wire, self.scope)
        self.started = True
        self.status = status

    def _leaves(self) -> bool:
        """Tell whether the connection is better not used again."""
        if self.policy.lifecycle.draining:
            return True
        return self.body is not None and self.body.ties_up_connection


def _nobody_cancels() -> bool:
    """Tell whether a cancellation came from a task that the handler cancelled and awaited."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() == 0


def log_error(error: BaseException, fault: Fault, *, cut_off: bool = False) -> None:
    """Log what went wrong: bugs with their traceback, an overload or a lost database without."""
    if isinstance(error, UncommittedChangesError):
        log.error("uncommitted changes", changes=error.changes, hint=str(error))
    elif isinstance(error, ResponseValidationError):
        log.error("response not valid", errors=_without_input(error), endpoint=error.endpoint_path)
    elif fault is INTERNAL:
        event = "response cut off" if cut_off else "unhandled error"
        log.error(event, error=type(error).__name__, exc_info=error)
    elif fault.status >= 500:
        cause = error.__cause__ or error
        log.warning(fault.code, status=fault.status, cause=f"{type(cause).__name__}: {cause}")


def _without_input(error: ResponseValidationError) -> list[dict[str, object]]:
    """Return what pydantic found, without the rows of the database that it found it in."""
    return [{key: one[key] for key in ("loc", "type", "msg")} for one in error.errors()]
