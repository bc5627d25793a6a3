"""The boundary: one pure-ASGI layer around the whole application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.middleware.errors import ServerErrorMiddleware

from fastgres.http.exchange import Exchange
from fastgres.http.lifecycle import LIFECYCLE

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from starlette.types import ASGIApp, Receive, Scope, Send

    from fastgres.http.policy import Policy


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

    def __call__(  # type: ignore[override]  # a coroutine less on the way of every request
        self, scope: Scope, receive: Receive, send: Send
    ) -> Awaitable[None]:
        """Serve one ASGI connection."""
        if scope["type"] == "http":
            scope[LIFECYCLE] = self.policy.lifecycle
            return Exchange(self.policy, scope, receive, send=send).run(self.app)
        if scope["type"] == "websocket":
            scope[LIFECYCLE] = self.policy.lifecycle
            if not self.policy.hosts.trust(scope):
                return _refuse(receive, send)
        return self.app(scope, receive, send)


async def _refuse(receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.close", "code": 1008, "reason": "unknown host"})
