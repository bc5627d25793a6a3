"""HEAD, which every route that answers GET answers too: the same head, and no body."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi.routing import APIWebSocketRoute, iter_route_contexts
from starlette.routing import WebSocketRoute

from fastgres.http.routes import path_inside

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    from starlette.routing import BaseRoute
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

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

    The scope that the server holds keeps its method: the server reads it while it sends.
    """

    async def asked(scope: Scope, receive: Receive, send: Send) -> None:
        inner = {**scope, "method": "GET"}
        try:
            await app(inner, receive, without_body(send))
        finally:
            scope.update({**inner, "method": scope["method"]})

    return asked


def without_body(send: Send) -> Send:
    """Return a `send` that lets no byte of a body through; the headers tell of it all the same."""

    def sending(message: Message) -> Awaitable[None]:
        kind = message["type"]
        if kind in {"http.response.body", "http.response.pathsend"}:
            more = message.get("more_body", False)
            message = {"type": "http.response.body", "body": b"", "more_body": more}
        return send(message)

    return sending
