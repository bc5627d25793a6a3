"""The short way of a request that can be answered as a whole, without an application."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Protocol

from uuid_utils import uuid7

from fastgres.http.access import is_logged, log_access
from fastgres.http.exchange import REQUEST_ID, Exchange, request_id_of
from fastgres.observability import bind_request_id, reset_request_id

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from fastgres.http.headers import Header
    from fastgres.http.policy import Policy


TRACED = "fastapi.telemetry"
"""Key in the ASGI scope of a request that FastAPI traces: its own layers have to see it.

```python
from fastgres.http import TRACED
from starlette.types import Scope

def is_traced(scope: Scope) -> bool:
    return TRACED in scope
```
"""


class Shortcut(Protocol):
    """What knows whole answers to some requests, and stands inside of the application too.

    ```python
    from fastgres.http import Boundary, Shortcut

    def shorten(boundary: Boundary, shortcut: Shortcut) -> None:
        boundary.offer(shortcut)
    ```
    """

    def find(self, scope: Scope) -> Any | None:
        """Return what will answer the request, or None."""
        ...

    async def answer(
        self, found: Any, scope: Scope, receive: Receive
    ) -> tuple[int, list[Header], bytes]:
        """Return status, headers and body; none of the headers is one that the boundary adds."""
        ...

    def mark(self, found: Any, scope: Scope) -> None:
        """Say in the scope which route was chosen; asked for before anybody looks."""
        ...

    async def fail(self, error: Exception, scope: Scope, receive: Receive, *, send: Send) -> None:
        """Be the application in which the answer failed."""
        ...


class Visit:
    """One request on the short way; what an `Exchange` does for a plain one, and nothing else."""

    __slots__ = ("added", "found", "policy", "request_id", "scope", "shortcut")

    def __init__(self, policy: Policy, shortcut: Shortcut, found: Any) -> None:
        self.policy = policy
        self.shortcut = shortcut
        self.found = found

    def suits(self, scope: Scope) -> bool:
        """Tell whether the short way can be taken; nothing was done so far if it cannot."""
        headers = dict(scope["headers"])
        policy = self.policy
        if not policy.is_plain(scope, headers) or REQUEST_ID in scope or TRACED in scope:
            return False
        added = policy.added if policy.cors is None else policy.cors_added(headers)
        if added is None or policy.lifecycle.draining:
            return False
        given = headers.get(b"x-request-id")
        self.request_id = uuid7().hex if given is None else request_id_of(given)
        self.added = added
        self.scope = scope
        return True

    async def run(self, receive: Receive, send: Send) -> None:
        """Answer the request; what goes wrong is left to an exchange."""
        began = time.perf_counter()
        scope, lifecycle = self.scope, self.policy.lifecycle
        started = False
        token = bind_request_id(self.request_id)
        lifecycle.active += 1
        try:
            status, headers, body = await self.shortcut.answer(self.found, scope, receive)
            headers += ((b"x-request-id", self.request_id.encode()), *self.added)
            started = True
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": body})
            if is_logged():
                self.shortcut.mark(self.found, scope)
                log_access(scope, status=status, size=len(body), began=began)
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - an exchange answers
            failing = self._failing(error, started=started)
            exchange = Exchange(self.policy, scope, receive, send=send)
            exchange.request_id = self.request_id
            exchange.started = started
            await exchange.run(failing, began=began)
        finally:
            lifecycle.active -= 1
            reset_request_id(token)

    def _failing(self, error: BaseException, *, started: bool) -> ASGIApp:
        """Return an application that fails like this, so that an exchange answers for it."""

        async def failing(scope: Scope, receive: Receive, send: Send) -> None:
            self.shortcut.mark(self.found, scope)
            if started or not isinstance(error, Exception):
                raise error
            await self.shortcut.fail(error, scope, receive, send=send)

        return failing
