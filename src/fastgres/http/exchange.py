"""One request and its response, as the boundary sees them."""

from __future__ import annotations

import asyncio
import re
import time
from typing import TYPE_CHECKING

from uuid_utils import uuid7

from fastgres.errors import PayloadTooLargeError, UnavailableError
from fastgres.http.access import log_access
from fastgres.http.body import RequestBody
from fastgres.http.fault import INTERNAL, Fault, fault_of, internal_with_cause
from fastgres.http.headers import headers_of_problem, is_plain_text, not_about_the_body
from fastgres.http.mishap import log_error
from fastgres.http.routes import path_inside
from fastgres.http.unit import RequestUnit
from fastgres.observability import bind_request_id, get_logger, reset_request_id

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from fastgres.http.headers import Header
    from fastgres.http.policy import Policy

log = get_logger(__name__)

EXCHANGE = "fastgres.exchange"
"""Key of the exchange in the ASGI scope, for middleware of your own.

```python
from fastgres.http import EXCHANGE, Exchange
from starlette.types import Scope

def request_id(scope: Scope) -> str:
    exchange: Exchange = scope[EXCHANGE]
    return exchange.request_id
```
"""

REQUEST_ID = "fastgres.request_id"
"""Key of the request's id in the ASGI scope."""

_well_formed = re.compile(rb"[A-Za-z0-9._-]{1,128}").fullmatch


class Exchange:
    """Carry one request through the application and see to what leaves.

    ```python
    from fastapi import Request
    from fastgres.http import EXCHANGE, Exchange

    async def sent_so_far(request: Request) -> int:
        exchange: Exchange = request.scope[EXCHANGE]
        return exchange.size
    ```
    """

    __slots__ = (
        "_unit",
        "body",
        "complete",
        "policy",
        "replaced",
        "request_id",
        "scope",
        "size",
        "started",
        "status",
        "wire",
        "wire_receive",
    )

    def __init__(self, policy: Policy, scope: Scope, receive: Receive, *, send: Send) -> None:
        self.policy = policy
        self.scope = scope
        self.wire_receive = receive
        self.wire = send
        self.body: RequestBody | None = None
        self.request_id = ""
        self.started = False
        self.replaced = False
        self.complete = False
        self.status = 0
        self.size = 0
        self._unit: RequestUnit | None = None

    @property
    def unit(self) -> RequestUnit:
        """The database work of this request; made when first asked for, as many have none."""
        if self._unit is None:
            self._unit = RequestUnit(self.policy.lifecycle, ended=self.started)
        return self._unit

    async def run(self, app: ASGIApp, *, began: float = 0.0) -> None:
        """Answer the request; whatever goes wrong inside becomes a problem document."""
        began = began or time.perf_counter()
        scope = self.scope
        mounted = REQUEST_ID in scope
        headers = dict(scope["headers"])
        token = bind_request_id(self._identify(headers.get(b"x-request-id")))
        lifecycle = self.policy.lifecycle
        lifecycle.active += 1
        short = "cut off"
        try:
            if self.policy.is_plain(scope, headers):
                await app(scope, self.wire_receive, self.send)
            elif not await self._refuse(headers):
                receive = self.wire_receive if self.body is None else self.body.receive
                await app(scope, receive, self.send)
            short = "client left"
        except asyncio.CancelledError as error:
            if _nobody_cancels():
                await self._fail(error)
            else:
                await self._cut_off()
                raise
        except Exception as error:  # noqa: BLE001 - the boundary answers for every error
            await self._fail(error)
        finally:
            if self._unit is not None:
                await self._unit.abandon()
            lifecycle.active -= 1
            if not mounted:
                outcome = short if self.started and not self.complete else None
                log_access(scope, status=self.status, size=self.size, began=began, outcome=outcome)
            reset_request_id(token)

    def _identify(self, given: bytes | None) -> str:
        """Take the id of the application around this one, the client's if it is well formed."""
        scope = self.scope
        scope[EXCHANGE] = self
        if REQUEST_ID not in scope:
            scope[REQUEST_ID] = self.request_id or request_id_of(given)
        self.request_id = scope[REQUEST_ID]
        return self.request_id

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

    def send(self, message: Message) -> Awaitable[None]:
        """Pass a message of the application on; see to the unit before the first byte."""
        kind = message["type"]
        if self.replaced:
            return _nothing()
        if kind == "http.response.body":
            self.size += len(message.get("body", b""))
            self.complete = not message.get("more_body", False)
        elif kind == "http.response.pathsend":
            self.complete = True
        elif kind == "http.response.start":
            status = message["status"]
            if status >= 400 or self.body is not None or self._unit is not None:
                return self._begin(status, message.get("headers", ()))
            return self._start(status, message.get("headers", ()))
        return self.wire(message)

    async def _begin(self, status: int, headers: Iterable[Header]) -> None:
        if (fault := self._replacement(status, headers)) is not None:
            self.replaced = True
            await self._answer(fault, kept=not_about_the_body(headers))
        else:
            if self._unit is not None:
                await self._unit.settle(status)
            await self._start(status, headers)

    def _replacement(self, status: int, headers: Iterable[Header]) -> Fault | None:
        """Return the problem to send instead: for a broken body, and for errors in plain text."""
        if self.body is not None and self.body.fault is not None:
            return Fault.of_problem(self.body.fault)
        if status >= 400 and is_plain_text(headers):
            return Fault.of_status(status)
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
            await self.policy.report_bug(self.scope, error)
            raise error

    async def _ask_handler(self, error: BaseException) -> bool:
        """Let the service's own handler of bugs answer; False when it does not."""
        await self.unit.abandon()
        try:
            response = await self.policy.report_bug(self.scope, error)
            if response is not None:
                await response(self.scope, self.wire_receive, self.send)
        except Exception as failure:  # noqa: BLE001 - the boundary answers for the handler too
            log_error(failure, INTERNAL, cut_off=self.started)
        return self.started

    async def _answer(self, fault: Fault, *, kept: Iterable[Header] = ()) -> None:
        await self.unit.abandon()
        content = fault.render(self.request_id)
        headers = headers_of_problem(fault.headers, len(content), kept=kept)
        self.size = len(content)
        await self._start(fault.status, headers)
        await self.wire({"type": "http.response.body", "body": content, "more_body": True})
        if self.body is not None and fault.code == PayloadTooLargeError.code:
            await self.body.linger(
                waits=any(name == b"expect" for name, _ in self.scope["headers"])
            )
        self.complete = True
        await self.wire({"type": "http.response.body", "body": b"", "more_body": False})

    def _start(self, status: int, given: Iterable[Header]) -> Awaitable[None]:
        policy = self.policy
        path = path_inside(self.scope)
        headers = policy.security.complete(given, path, request_id=self.request_id)
        if self._leaves() and all(name != b"connection" for name, _ in headers):
            headers.append((b"connection", b"close"))
        self.started = True
        self.status = status
        message = {"type": "http.response.start", "status": status, "headers": headers}
        if policy.cors is None:
            return self.wire(message)
        return policy.cors.mark(message, self.wire, self.scope)

    def _leaves(self) -> bool:
        """Tell whether the connection is better not used again."""
        if self.policy.lifecycle.draining:
            return True
        return self.body is not None and self.body.ties_up_connection


def request_id_of(given: bytes | None) -> str:
    """Return the id that a client gave, if it is well formed, else a new one."""
    if given is not None and _well_formed(given):
        return given.decode()
    return uuid7().hex


async def _nothing() -> None:
    """Be the sending of what is not sent."""


def _nobody_cancels() -> bool:
    """Tell whether a cancellation came from a task that the handler cancelled and awaited."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() == 0
