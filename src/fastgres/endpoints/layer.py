"""The layer that answers declared routes, and leaves everything else to FastAPI."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import Request

from fastgres.endpoints.answerable import Answerable
from fastgres.endpoints.guards import ask
from fastgres.endpoints.matcher import Matcher
from fastgres.endpoints.precedence import places
from fastgres.endpoints.reading import content, replied
from fastgres.endpoints.telemetry import tell_route
from fastgres.http import EXCHANGE, LIFECYCLE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from fastapi import FastAPI
    from starlette.types import ASGIApp, Receive, Scope, Send

    from fastgres.endpoints.reading import Reply
    from fastgres.endpoints.wanted import Wanted

    Found = tuple[Answerable, Wanted, list[str]]
    Failing = Callable[..., Awaitable[None]]


class DeclaredReads:
    """Answer GET requests for declared routes; pass all others on.

    A request is passed on as long as nothing was done for it, so whatever is refused is refused
    by FastAPI. What goes wrong afterwards goes to the exception handlers of the application.
    """

    def __init__(self, app: ASGIApp, *, service: FastAPI, failing: Failing) -> None:
        self.app = app
        self._failing = failing
        self._router = service.router
        self._matcher: Matcher[Answerable] = Matcher()
        self._known = -1

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Serve one ASGI connection."""
        exchange = scope.get(EXCHANGE)
        if exchange is not None and exchange.body is None:
            found = self.find(scope)
            if found is not None:
                self.mark(found, scope)
                return self._serve(found, scope, receive, send=send)
        return self.app(scope, receive, send)

    def find(self, scope: Scope) -> Found | None:
        """Return the route and what is wanted of it; None for what FastAPI has to see."""
        if scope["type"] != "http" or scope["method"] != "GET":
            return None
        path: str = scope["path"]
        root: str = scope.get("root_path", "")
        if root:
            if not path.startswith(f"{root}/"):
                return None
            path = path[len(root) :]
        if len(self._router.routes) != self._known:
            self._compile()
        found = self._matcher.find(path)
        if found is None:
            return None
        route, values = found
        if route.provider.dependency_overrides and route.is_overridden:
            return None
        wanted = route.parse(path, values, scope.get("query_string", b""))
        if wanted is None or not tell_route(scope, route.path):
            return None
        return route, wanted, values

    async def answer(self, found: Found, scope: Scope, receive: Receive) -> Reply:
        """Return status, headers and body; raises what the read raises."""
        route, wanted, _ = found
        if route.guards:
            self.mark(found, scope)
            await ask(route.guards, wanted, Request(scope, receive))
        source = scope[LIFECYCLE].opened_database.source
        body = await content(route.reading, source, wanted)
        return replied(body, route.declaration, scope)

    def mark(self, found: Found, scope: Scope) -> None:
        """Say in the scope which route was chosen, as FastAPI does."""
        route, _, values = found
        route.mark(scope, values)

    async def fail(self, error: Exception, scope: Scope, receive: Receive, *, send: Send) -> None:
        """Have the application's exception handlers answer for an error."""
        await self._failing(error, scope, receive, send=send)

    async def _serve(self, found: Found, scope: Scope, receive: Receive, *, send: Send) -> None:
        try:
            status, headers, body = await self.answer(found, scope, receive)
        except Exception as error:  # noqa: BLE001 - the application's handlers answer for it
            await self.fail(error, scope, receive, send=send)
            return
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _compile(self) -> None:
        """Work out which declared routes the boundary may answer."""
        routes = self._router.routes
        matcher: Matcher[Answerable] = Matcher()
        for place in places(routes):
            made = Answerable.of(place)
            if isinstance(made, Answerable):
                matcher.put(place.pattern, made)
                for earlier in place.before:
                    if earlier.pattern is not None and earlier.pattern.is_fixed:
                        matcher.put(earlier.pattern)
        self._matcher, self._known = matcher, len(routes)
