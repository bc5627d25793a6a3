"""The layer that answers plain reads, declared or written, and leaves all else to FastAPI."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.requests import Request

from fastgres.endpoints.answerable import Answerable
from fastgres.endpoints.guards import ask
from fastgres.endpoints.matcher import Matcher
from fastgres.endpoints.precedence import places
from fastgres.endpoints.reading import content, replied
from fastgres.endpoints.telemetry import tell_route
from fastgres.endpoints.written import Written
from fastgres.http import EXCHANGE, LIFECYCLE, TRACED

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from fastapi import FastAPI
    from starlette.types import ASGIApp, Receive, Scope, Send

    from fastgres.endpoints.reading import Reply
    from fastgres.endpoints.wanted import Wanted

    Found = tuple[Answerable, Wanted, list[str]]
    FoundWritten = tuple[Written, dict[str, Any], list[str]]
    Failing = Callable[..., Awaitable[None]]


class DeclaredReads:
    """Answer GET requests for declared routes and plain handlers; pass all others on.

    A request is passed on as long as nothing was done for it, so whatever is refused is refused
    by FastAPI. What goes wrong afterwards goes to the exception handlers of the application.
    """

    def __init__(self, app: ASGIApp, *, service: FastAPI, failing: Failing) -> None:
        self.app = app
        self._failing = failing
        self._router = service.router
        self._matcher: Matcher[Answerable | Written] = Matcher()
        self._known = -1

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Serve one ASGI connection."""
        exchange = scope.get(EXCHANGE)
        if exchange is not None and exchange.body is None:
            met = self._meet(scope)
            if met is not None:
                route, path, values = met
                if isinstance(route, Written):
                    given = self._parse_written(route, scope, path, values=values)
                    if given is not None:
                        return self._call((route, given, values), scope, receive, send=send)
                elif (found := self._parse(route, scope, path, values=values)) is not None:
                    self.mark(found, scope)
                    return self._serve(found, scope, receive, send=send)
        return self.app(scope, receive, send)

    def find(self, scope: Scope) -> Found | None:
        """Return the declared route and what is wanted of it; None for what others answer."""
        met = self._meet(scope)
        if met is None:
            return None
        route, path, values = met
        if isinstance(route, Written):
            return None
        return self._parse(route, scope, path, values=values)

    def _meet(self, scope: Scope) -> tuple[Answerable | Written, str, list[str]] | None:
        """Return the route of a path, the path inside of the application, and its values."""
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
        met = self._matcher.find(path)
        return None if met is None else (met[0], path, met[1])

    def _parse(
        self, route: Answerable, scope: Scope, path: str, *, values: list[str]
    ) -> Found | None:
        if route.provider.dependency_overrides and route.is_overridden:
            return None
        wanted = route.parse(path, values, scope.get("query_string", b""))
        if wanted is None or not tell_route(scope, route.address.path):
            return None
        return route, wanted, values

    def _parse_written(
        self, route: Written, scope: Scope, path: str, *, values: list[str]
    ) -> dict[str, Any] | None:
        if route.is_overridden or TRACED in scope:
            return None
        return route.parse(path, values, scope.get("query_string", b""))

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
        route.address.mark(scope, values)

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

    async def _call(
        self, found: FoundWritten, scope: Scope, receive: Receive, *, send: Send
    ) -> None:
        route, given, values = found
        route.address.mark(scope, values)
        scope.setdefault("router", self._router)
        try:
            response = await route.answer(given, scope, receive)
            await response(scope, receive, send)
        except Exception as error:
            if scope[EXCHANGE].started:
                raise
            await self.fail(error, scope, receive, send=send)

    def _compile(self) -> None:
        """Work out which routes are answered here."""
        routes = self._router.routes
        matcher: Matcher[Answerable | Written] = Matcher()
        for place in places(routes):
            declared = place.declaration
            made = Written.of(place) if declared is None else Answerable.of(place, declared)
            if not isinstance(made, str):
                matcher.put(place.pattern, made)
                for earlier in place.before:
                    if earlier.pattern is not None and earlier.pattern.is_fixed:
                        matcher.put(earlier.pattern)
        self._matcher, self._known = matcher, len(routes)
