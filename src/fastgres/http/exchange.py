"""One request and its response, as the boundary sees them."""

from __future__ import annotations

import asyncio
import re
import time
from typing import TYPE_CHECKING

from uuid_utils import uuid7

from fastgres.db import OpenUnits
from fastgres.errors import ConfigurationError, LateCommitError
from fastgres.http.access import log_access
from fastgres.http.body import RequestBody
from fastgres.http.conversation import Conversation
from fastgres.http.failing import answer_cancelled, answer_failure, answer_fault, replacement_of
from fastgres.http.fault import Fault
from fastgres.http.headers import not_about_the_body
from fastgres.http.holding import Holding
from fastgres.http.repeating import run_repeatedly
from fastgres.http.spool import KEY, SpooledBody
from fastgres.observability import (
    bind_request_id,
    bind_traceparent,
    reset_request_id,
    reset_traceparent,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterable

    from starlette.types import ASGIApp, Message

    from fastgres.http.headers import Header
    from fastgres.http.keeper import Keeper

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


class Exchange(Conversation):
    """Carry one request through the application and see to what leaves.

    ```python
    from fastapi import Request
    from fastgres.http import EXCHANGE, Exchange

    async def sent_so_far(request: Request) -> int:
        exchange: Exchange = request.scope[EXCHANGE]
        return exchange.size
    ```
    """

    __slots__ = ()

    async def run(self, app: ASGIApp, *, began: float = 0.0) -> None:
        """Answer the request; whatever goes wrong inside becomes a problem document."""
        began = began or time.perf_counter()
        scope = self.scope
        mounted = REQUEST_ID in scope
        headers = dict(scope["headers"])
        token = bind_request_id(self._identify(headers.get(b"x-request-id")))
        trace = bind_traceparent(headers.get(b"traceparent"))
        lifecycle = self.policy.lifecycle
        lifecycle.active += 1
        self.units = OpenUnits()
        short = "cut off"
        try:
            if self.policy.is_plain(scope, headers):
                await app(scope, self.wire_receive, self.send)
            elif not await self._refuse(headers):
                await self._pass(app)
            short = "client left"
        except asyncio.CancelledError as error:
            if _nobody_cancels():
                await answer_failure(self, error)
            else:
                await answer_cancelled(self)
                raise
        except Exception as error:  # noqa: BLE001 - the boundary answers for every error
            await answer_failure(self, error)
        finally:
            if self._unit is not None:
                await self._unit.abandon()
            if self.keeper is not None:
                await self.keeper.abandon()
            lifecycle.active -= 1
            if not mounted:
                unsent = self.started and not self.complete
                outcome = short if unsent else self.code or None
                log_access(scope, status=self.status, size=self.size, began=began, outcome=outcome)
            reset_request_id(token)
            reset_traceparent(trace)

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
        if KEY in headers or b"content-length" in headers or b"transfer-encoding" in headers:
            kind = SpooledBody if KEY in headers else RequestBody
            self.body = kind(self.wire_receive, limit=policy.limit, patience=policy.patience)
            self.body.declared = policy.check_length(headers)
        policy.check_host(self.scope)
        if policy.cors is None or self.scope["method"] != "OPTIONS":
            return False
        answer = policy.cors.preflight(self.scope)
        if isinstance(answer, Fault):
            await answer_fault(self, answer)
        elif answer is not None:
            await answer(self.scope, self.wire_receive, self.send)
        return answer is not None

    async def _pass(self, app: ASGIApp) -> None:
        if isinstance(self.body, SpooledBody):
            await run_repeatedly(self, self.body, app)
        else:
            receive = self.wire_receive if self.body is None else self.body.receive
            await app(self.scope, receive, self.send)

    def send(self, message: Message) -> Awaitable[None]:
        """Pass a message of the application on; see to the unit before the first byte."""
        if self.diverted is not None:
            return self.diverted(message)
        kind = message["type"]
        if kind == "http.response.body":
            self.size += len(message.get("body", b""))
            self.complete = not message.get("more_body", False)
        elif kind == "http.response.pathsend":
            self.complete = True
        elif kind == "http.response.start":
            status = message["status"]
            plain = self.body is None and self._unit is None and not self.units.count
            if status >= 400 or not plain:
                return self._begin(status, message.get("headers", ()))
            return self.start(status, message.get("headers", ()))
        return self.wire(message)

    async def _begin(self, status: int, headers: Iterable[Header]) -> None:
        if (fault := replacement_of(self, status, headers)) is not None:
            await answer_fault(self, fault, kept=not_about_the_body(headers))
        else:
            if status < 400 and self.units.count:
                raise LateCommitError(self.units.changes())
            if self._unit is not None:
                await self._unit.settle(status)
            await self.start(status, headers)

    def hold(self, keeper: Keeper) -> None:
        """Hold the response back until `keeper` has seen to the work that it tells of.

        Raises ConfigurationError once the response has begun.
        """
        if self.started:
            raise ConfigurationError("The response has begun and cannot be held back any more.")
        self.keeper = keeper
        self.diverted = Holding(self, keeper).send


def request_id_of(given: bytes | None) -> str:
    """Return the id that a client gave, if it is well formed, else a new one."""
    if given is not None and _well_formed(given):
        return given.decode()
    return uuid7().hex


def _nobody_cancels() -> bool:
    """Tell whether a cancellation came from a task that the handler cancelled and awaited."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() == 0
