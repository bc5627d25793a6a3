"""Explicit CORS: the origins the settings name, and no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware

from fastgres.errors import BadRequestError
from fastgres.http.fault import Fault

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Scope, Send

    from fastgres.http.headers import Header
    from fastgres.settings import Settings

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
REQUEST_HEADERS = (
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "X-Request-ID",
)
RESPONSE_HEADERS = (
    "ETag",
    "Idempotent-Replayed",
    "Link",
    "Location",
    "Retry-After",
    "X-Request-ID",
)


REMEMBERED = 256
"""Origins whose headers are remembered."""

LONGEST = 300
"""Bytes of such an origin."""

_OURS = (b"access-control-", b"vary")
"""How the names of headers begin that CORS writes."""


class Cors:
    """Answer preflights and mark responses, by the rules of Starlette's middleware.

    What these rules give for an origin is worked out once and remembered.
    """

    __slots__ = ("_known", "_rules")

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._rules = CORSMiddleware(
            app,
            allow_origins=settings.cors_origins,
            allow_methods=METHODS,
            allow_headers=REQUEST_HEADERS,
            allow_credentials=settings.cors_credentials,
            expose_headers=RESPONSE_HEADERS,
        )
        self._known: dict[bytes | None, list[Header]] = {}

    def preflight(self, scope: Scope) -> Response | Fault | None:
        """Return the answer to a preflight, a fault when it is refused, None for other requests."""
        headers = Headers(scope=scope)
        if "origin" not in headers or "access-control-request-method" not in headers:
            return None
        response = self._rules.preflight_response(headers)
        if response.status_code < 400:
            return response
        kept = {
            name: value
            for name, value in response.headers.items()
            if name not in {"content-length", "content-type"}
        }
        reason = bytes(response.body).decode()
        return Fault.of_problem(BadRequestError(f"{reason}.", headers=kept))

    def known(self, origin: bytes | None) -> list[Header] | None:
        """Return what is added to a response for this origin, once that was worked out."""
        return self._known.get(origin)

    async def mark(self, message: Message, send: Send, scope: Scope) -> None:
        """Send the start of a response with the headers that let the origin read it."""
        headers: list[Header] = message["headers"]
        origin = next((value for name, value in scope["headers"] if name == b"origin"), None)
        marked = any(name.startswith(_OURS) for name, _ in headers)
        if not marked and (known := self._known.get(origin)) is not None:
            headers += known
            await send(message)
            return
        count = len(headers)
        await self._rules.send(message, send, Headers(scope=scope))
        if not marked and len(self._known) < REMEMBERED and self._may_return(origin):
            self._known[origin] = message["headers"][count:]

    def _may_return(self, origin: bytes | None) -> bool:
        if origin is None:
            return True
        return len(origin) <= LONGEST and self._rules.is_allowed_origin(origin.decode("latin-1"))
