"""The boundary: one pure-ASGI layer around the whole application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.middleware.errors import ServerErrorMiddleware

from fastgres.http.exchange import Exchange
from fastgres.http.head import as_get, is_asked_as_get, without_body
from fastgres.http.lifecycle import LIFECYCLE
from fastgres.http.shortcut import Visit

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from starlette.types import ASGIApp, Receive, Scope, Send

    from fastgres.http.policy import Policy
    from fastgres.http.shortcut import Shortcut


class Boundary(ServerErrorMiddleware):
    """Answer every request through an `Exchange`; let websockets of our own hosts through.

    It stands where Starlette's outermost layer stood, and is one, because instrumentation of
    others looks for that one and puts itself inside.

    ```python
    from fastapi import FastAPI
    from fastgres.http import Boundary, Lifecycle, install

    app = FastAPI()
    install(app, Lifecycle(settings))
    assert isinstance(app.build_middleware_stack(), Boundary)
    ```
    """

    def __init__(self, app: ASGIApp, policy: Policy) -> None:
        super().__init__(app)
        self.policy = policy
        self._shortcut: Shortcut | None = None
        self._around: ASGIApp | None = None

    def offer(self, shortcut: Shortcut) -> None:
        """Let requests take a short way, as long as nobody else puts a layer inside."""
        self._shortcut = shortcut
        self._around = self.app

    def __call__(  # type: ignore[override]  # a coroutine less on the way of every request
        self, scope: Scope, receive: Receive, send: Send
    ) -> Awaitable[None]:
        """Serve one ASGI connection."""
        if scope["type"] == "http":
            scope[LIFECYCLE] = self.policy.lifecycle
            shortcut = self._shortcut
            if shortcut is not None and self.app is self._around:
                found = shortcut.find(scope)
                if found is not None:
                    visit = Visit(self.policy, shortcut, found)
                    if visit.suits(scope):
                        return visit.run(receive, send)
            if scope["method"] == "HEAD":
                return self._head(scope, receive, send)
            return Exchange(self.policy, scope, receive, send=send).run(self.app)
        if scope["type"] == "websocket":
            scope[LIFECYCLE] = self.policy.lifecycle
            if not self.policy.hosts.trust(scope):
                return _refuse(receive, send)
        return self.app(scope, receive, send)

    def _head(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Answer as GET is answered, without the body."""
        as_other = is_asked_as_get(self.policy.app.routes, scope)
        app = as_get(self.app) if as_other else self.app
        return Exchange(self.policy, scope, receive, send=without_body(send)).run(app)


async def _refuse(receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.close", "code": 1008, "reason": "unknown host"})
