"""The boundary: one pure-ASGI layer around the whole application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastgres.http.exchange import Exchange
from fastgres.http.lifecycle import LIFECYCLE

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from fastgres.http.policy import Policy


class Boundary:
    """Answer every request through an `Exchange`; let websockets of our own hosts through."""

    def __init__(self, app: ASGIApp, policy: Policy) -> None:
        self.app = app
        self.policy = policy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        if scope["type"] in {"http", "websocket"}:
            scope[LIFECYCLE] = self.policy.lifecycle
        if scope["type"] == "http":
            await Exchange(self.policy, scope, receive, send=send).run(self.app)
        elif scope["type"] == "websocket" and not self.policy.hosts.trust(scope):
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": "unknown host"})
        else:
            await self.app(scope, receive, send)
