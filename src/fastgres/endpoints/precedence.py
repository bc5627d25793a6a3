"""Which routes may be answered without FastAPI: those that its order of routes gives them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastapi.routing import APIRoute, APIWebSocketRoute, iter_route_contexts
from starlette.routing import Mount, Route, WebSocketRoute

from fastgres.endpoints.declaration import declaration_of
from fastgres.endpoints.pattern import Pattern
from fastgres.endpoints.returning import is_plain_read

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator, Sequence

    from fastapi.routing import RouteContext
    from starlette.routing import BaseRoute

    from fastgres.endpoints.declaration import Declaration

_PLAIN = (APIRoute.matches, Route.matches)


@dataclass(frozen=True, slots=True)
class Taken:
    """The paths that one route takes from those after it; without a pattern, nobody knows."""

    name: str
    pattern: Pattern | None
    regex: re.Pattern[str] | None


@dataclass(frozen=True, slots=True)
class Place:
    """A route that reads, in the order of all routes, and what stands before it in its way.

    `why` says why it can never be answered but by FastAPI.
    """

    declaration: Declaration | None
    context: RouteContext
    pattern: Pattern
    before: tuple[Taken, ...]
    why: str | None


def places(routes: Sequence[BaseRoute]) -> Iterator[Place]:
    """Yield every route of an application that is declared or a plain read, in order."""
    before: list[Taken] = []
    for context in iter_route_contexts(routes):
        declaration = declaration_of(context.endpoint)
        if declaration is not None or is_plain_read(context):
            yield _place(declaration, context, before)
        taken = _taken(context)
        if taken is not None:
            before.append(taken)


def _place(
    declaration: Declaration | None, context: RouteContext, before: Sequence[Taken]
) -> Place:
    pattern = Pattern.of(str(context.path))
    meeting = tuple(each for each in before if each.pattern is None or each.pattern.meets(pattern))
    why = next((found for each in meeting if (found := _hides(each, context, pattern))), None)
    if not pattern.is_plain:
        why = f"the path {context.path!r} has a parameter that takes no plain segment"
    if type(context.original_route) is not APIRoute:
        why = f"its route class is {type(context.original_route).__name__}"
    return Place(declaration, context, pattern, meeting, why)


def _hides(earlier: Taken, context: RouteContext, pattern: Pattern) -> str | None:
    """Say why nothing, or nobody knows what, is left by an earlier route."""
    if earlier.pattern is None or earlier.regex is None:
        return f"{earlier.name} stands before it, and may take any request"
    if earlier.pattern.covers(pattern):
        return f"{earlier.name} stands before it and takes the same paths"
    if pattern.is_fixed and earlier.regex.match(str(context.path)):
        return f"{earlier.name} stands before it and takes the same path"
    return None


def _taken(context: RouteContext) -> Taken | None:
    """Return what a route takes of the GET requests; None for one that takes no request."""
    original: Any = context.original_route
    route: Any = context
    if isinstance(original, (WebSocketRoute, APIWebSocketRoute)):
        return None
    path: Any = getattr(route, "path", None)
    name = f"the route {path!r}" if path else f"a {type(original).__name__}"
    regex = getattr(route, "path_regex", None)
    matches = type(original).matches
    if matches in _PLAIN:
        methods = context.methods
        return None if methods and "GET" not in methods else Taken(name, Pattern.of(path), regex)
    if matches is Mount.matches:
        return Taken(name, Pattern.of(f"{path}/{{path:path}}"), regex)
    return Taken(name, None, None)
