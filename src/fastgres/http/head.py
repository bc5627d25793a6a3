"""HEAD, which every route that answers GET answers too: the same head, and no body."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi.routing import APIWebSocketRoute, iter_route_contexts
from starlette.routing import WebSocketRoute

from fastgres.http.routes import path_inside
from fastgres.observability import get_logger

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    from starlette.routing import BaseRoute
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = get_logger(__name__)

_WITHOUT_BODY = frozenset({204, 205, 304})
_OF_WEBSOCKETS = (WebSocketRoute, APIWebSocketRoute)


def is_asked_as_get(routes: Sequence[BaseRoute], scope: Scope) -> bool:
    """Tell whether the route for a HEAD request is the one for GET, which knows no HEAD itself.

    A route that was written for HEAD goes before, wherever it stands. What is mounted decides for
    itself.
    """
    found = False
    path = path_inside(scope)
    for context in iter_route_contexts(routes):
        route: Any = context
        regex = getattr(route, "path_regex", None)
        if isinstance(context.original_route, _OF_WEBSOCKETS) or regex is None:
            continue
        if not regex.match(path):
            continue
        methods = getattr(route, "methods", None) or {"GET", "HEAD"}
        if "HEAD" in methods and not (found and "GET" in methods):
            return False
        found = found or "GET" in methods
    return found


def as_get(app: ASGIApp) -> ASGIApp:
    """Return an application that answers HEAD by what it answers to GET, without the body.

    A stream is left as soon as its headers are known: no row of an export is read for a body that
    nobody gets. The scope that the server holds keeps its method, which the server reads while it
    sends.
    """

    async def asked(scope: Scope, receive: Receive, send: Send) -> None:
        inner = {**scope, "method": "GET"}
        head = _Head(send)
        try:
            await app(inner, receive, head.send)
        except Exception as error:
            if not head.left:
                raise
            log.debug("stream left", error=type(error).__name__)
        finally:
            scope.update({**inner, "method": scope["method"]})

    return asked


class _Head:
    """Passes on what a response begins with, and hangs up on one that is a stream.

    To the application that is a client who has left, which is an `OSError` (ASGI 2.4).
    """

    def __init__(self, send: Send) -> None:
        self._send = without_body(send)
        self.left = False

    async def send(self, message: Message) -> None:
        if self.left:
            raise OSError("The request was HEAD, and has its answer.")
        await self._send(message)
        if message["type"] == "http.response.start" and _is_stream(message):
            self.left = True
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})
            raise OSError("The request was HEAD, and the headers are sent.")


def _is_stream(start: Message) -> bool:
    """Tell a body whose length nobody knows; what is whole has a Content-Length."""
    if start["status"] in _WITHOUT_BODY:
        return False
    return all(name.lower() != b"content-length" for name, _ in start.get("headers", ()))


def without_body(send: Send) -> Send:
    """Return a `send` that lets no byte of a body through; the headers tell of it all the same."""

    def sending(message: Message) -> Awaitable[None]:
        kind = message["type"]
        if kind in {"http.response.body", "http.response.pathsend"}:
            more = message.get("more_body", False)
            message = {"type": "http.response.body", "body": b"", "more_body": more}
        return send(message)

    return sending
