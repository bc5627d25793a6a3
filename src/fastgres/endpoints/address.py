"""The path of a route: whether a request is for it, and what stands in its places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Mapping, Sequence

    from fastapi.routing import RouteContext
    from starlette.types import Scope

    from fastgres.endpoints.precedence import Place

    Keys = Sequence[tuple[int, str, Callable[[str], Any]]]
    """Of each parameter the place in the path, the name of its value, and what reads it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Everything about the path of a route that is worked out once."""

    path: str
    names: tuple[str, ...]
    keys: Keys
    chosen: Mapping[str, Any]
    before: tuple[re.Pattern[str], ...]

    @classmethod
    def of(cls, place: Place, keys: Keys) -> Address:
        """Work it out for a route in its place."""
        earlier = (one for one in place.before if one.pattern and not one.pattern.is_fixed)
        return cls(
            path=str(place.context.path_format),
            names=place.pattern.names,
            keys=tuple(keys),
            chosen=_chosen(place.context),
            before=tuple(each.regex for each in earlier if each.regex is not None),
        )

    def read(self, path: str, values: Sequence[str]) -> dict[str, Any] | None:
        """Return the values of the parameters; None when FastAPI should see it, and refuse it."""
        if self.before and any(regex.match(path) for regex in self.before):
            return None
        given: dict[str, Any] = {}
        try:
            for place, name, validate in self.keys:
                given[name] = validate(values[place])
        except Exception:  # noqa: BLE001 - FastAPI reads it again, and answers for it
            return None
        return given

    def mark(self, scope: Scope, values: Sequence[str]) -> None:
        """Say in the scope which route was chosen, as FastAPI does."""
        given = dict(zip(self.names, values, strict=True))
        outer = scope.get("path_params")
        inner = scope.get("fastapi")
        scope.update(self.chosen)
        scope["path_params"] = {**outer, **given} if outer else given
        if inner:
            scope["fastapi"] = {**inner, **self.chosen["fastapi"]}


def _chosen(context: RouteContext) -> dict[str, Any]:
    """Return what FastAPI's router writes into the scope."""
    return {
        "route": context.original_route,
        "endpoint": context.endpoint,
        "fastapi": {"effective_route_context": context},
    }
