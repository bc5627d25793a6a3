"""The layer that answers declared routes, and leaves everything else to FastAPI."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import Request

from fastgres.endpoints.answerable import Answerable
from fastgres.endpoints.guards import ask
from fastgres.endpoints.matcher import Matcher
from fastgres.endpoints.precedence import places
from fastgres.endpoints.reading import finish
from fastgres.endpoints.telemetry import tell_route
from fastgres.http import EXCHANGE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from fastapi import FastAPI
    from starlette.types import ASGIApp, Receive, Scope, Send

    from fastgres.endpoints.wanted import Wanted

    Found = tuple[Answerable, Wanted]
    Failing = Callable[..., Awaitable[None]]


class DeclaredReads:
    """Answer GET requests for declared routes; pass all others on.

    A request is passed on as long as nothing was done for it, so whatever is refused is refused
    by FastAPI. What goes wrong afterwards goes to the exception handlers of the application.
    """

    def __init__(self, app: ASGIApp, *, service: FastAPI, failing: Failing) -> None:
        self.app = app
        self._service = service
        self._failing = failing
        self._matcher: Matcher[Answerable] = Matcher()
        self._known = -1

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Serve one ASGI connection."""
        if scope["type"] == "http" and scope["method"] == "GET":
            found = self._find(scope)
            if found is not None:
                return self._answer(found, scope, receive, send=send)
        return self.app(scope, receive, send)

    def _find(self, scope: Scope) -> Found | None:
        """Return the route and what is wanted of it; None for what FastAPI has to see."""
        path: str = scope["path"]
        root: str = scope.get("root_path", "")
        if root:
            if not path.startswith(f"{root}/"):
                return None
            path = path[len(root) :]
        routes = self._service.router.routes
        if len(routes) != self._known:
            self._matcher, self._known = matcher_of(self._service), len(routes)
        found = self._matcher.find(path)
        if found is None:
            return None
        route, values = found
        exchange = scope.get(EXCHANGE)
        if exchange is None or exchange.body is not None or route.is_overridden:
            return None
        wanted = route.parse(path, values, scope.get("query_string", b""))
        if wanted is None or not tell_route(scope, route.path):
            return None
        route.mark(scope, values)
        return route, wanted

    async def _answer(self, found: Found, scope: Scope, receive: Receive, *, send: Send) -> None:
        route, wanted = found
        try:
            if route.guards:
                await ask(route.guards, wanted, Request(scope, receive, send))
            source = scope[EXCHANGE].policy.lifecycle.opened_database.source
            response = finish(await route.reading.respond(source, wanted), route.declaration, scope)
        except Exception as error:  # noqa: BLE001 - the application's handlers answer for it
            await self._failing(error, scope, receive, send=send)
            return
        headers = response.raw_headers
        await send(
            {"type": "http.response.start", "status": response.status_code, "headers": headers}
        )
        await send({"type": "http.response.body", "body": response.body})


def matcher_of(service: FastAPI) -> Matcher[Answerable]:
    """Return the declared routes of an application that the boundary may answer."""
    matcher: Matcher[Answerable] = Matcher()
    for place in places(service.router.routes):
        made = Answerable.of(place)
        if isinstance(made, Answerable):
            matcher.put(place.pattern, made)
            for earlier in place.before:
                if earlier.pattern is not None and earlier.pattern.is_fixed:
                    matcher.put(earlier.pattern)
    return matcher
