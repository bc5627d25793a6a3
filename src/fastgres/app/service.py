"""The application itself: FastAPI, with one question asked at its start instead of each time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import FastAPI

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send


class Service(FastAPI):
    """FastAPI, which asks OpenTelemetry at every request whether it is set up.

    That takes longer than everything else before the first line of a route, and the answer does
    not change once the service has started: then it is asked for the last time.
    """

    is_observed = True

    def settle_telemetry(self) -> None:
        """Decide whether requests are traced or measured; whoever wants that has it set up now."""
        self.is_observed = self._native_telemetry.enabled()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        if self.is_observed or self.middleware_stack is None or scope["type"] == "lifespan":
            await super().__call__(scope, receive, send)
            return
        scope["app"] = self
        if self.root_path:
            scope["root_path"] = self.root_path
        await self.middleware_stack(scope, receive, send)
