"""The application itself: FastAPI, with one question asked at its start instead of each time."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from fastapi import FastAPI

from fastgres.errors import FastgresError

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope, Send


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
        if scope["type"] == "lifespan":
            await super().__call__(scope, receive, _without_traceback(send))
            return
        if self.is_observed or self.middleware_stack is None:
            await super().__call__(scope, receive, send)
            return
        scope["app"] = self
        if self.root_path:
            scope["root_path"] = self.root_path
        await self.middleware_stack(scope, receive, send)


def _without_traceback(send: Send) -> Send:
    """Have the server log an error that says what to do as it is, not as the end of a traceback."""

    async def sent(message: Message) -> None:
        error = sys.exception()
        if message["type"] == "lifespan.startup.failed" and isinstance(error, FastgresError):
            message = {**message, "message": str(error)}
        await send(message)

    return sent
