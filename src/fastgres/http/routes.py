"""Which route a request came to, in FastAPI's terms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi.routing import iter_route_contexts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.routing import BaseRoute
    from starlette.types import Scope


def route_of(scope: Scope) -> Any | None:
    """Return the route that was chosen, with the prefix of the routers around it; or None."""
    included = scope.get("fastapi", {}).get("effective_route_context")
    return scope.get("route") if included is None else included


def template_of(scope: Scope) -> str | None:
    """Return the path of the chosen route as it was declared, `/orders/{order_id}`."""
    path = getattr(route_of(scope), "path", None)
    return path if isinstance(path, str) else None


def allowed_methods(routes: Sequence[BaseRoute], scope: Scope) -> tuple[str, ...]:
    """Return every method that some route takes at this path.

    The router itself names those of the first route only, and RFC 9110 (15.5.6) asks for all.
    """
    methods: set[str] = set()
    for context in iter_route_contexts(routes):
        route: Any = context
        regex = getattr(route, "path_regex", None)
        if regex is not None and regex.match(path_inside(scope)):
            methods |= set(getattr(route, "methods", None) or ())
    return tuple(sorted(methods))


def path_inside(scope: Scope) -> str:
    """Return the path as the application's routes declare it: without where it is mounted."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "").rstrip("/")
    if not root:
        return path
    return path.removeprefix(root) if path.startswith(f"{root}/") else path
