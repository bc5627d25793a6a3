"""A declared route made ready to be answered at the boundary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from fastgres.endpoints.guards import guards_of
from fastgres.endpoints.parsing import QueryParser
from fastgres.endpoints.reading import reading_of
from fastgres.endpoints.wanted import Wanted

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Mapping, Sequence

    from fastapi.routing import RouteContext
    from starlette.types import Scope

    from fastgres.endpoints.declaration import Declaration
    from fastgres.endpoints.guards import Guard
    from fastgres.endpoints.precedence import Place
    from fastgres.endpoints.reading import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Answerable:
    """Everything that is worked out once for a route."""

    reading: Reading
    declaration: Declaration
    path: str
    chosen: Mapping[str, Any]
    provider: Any
    names: tuple[str, ...]
    keys: tuple[tuple[int, str, Callable[[str], Any]], ...]
    query: QueryParser
    pages: bool
    guards: tuple[Guard, ...]
    dependencies: tuple[Any, ...]
    before: tuple[re.Pattern[str], ...]

    @classmethod
    def of(cls, place: Place) -> Answerable | str:
        """Make a route ready, or say why it is left to FastAPI."""
        if place.why is not None:
            return place.why
        guards = guards_of(place.context.dependant.dependencies)
        if isinstance(guards, str):
            return guards
        declared = place.declaration
        query = QueryParser.of(declared.parameters)
        if isinstance(query, str):
            return query
        reading = reading_of(declared)
        earlier = (one for one in place.before if one.pattern and not one.pattern.is_fixed)
        return cls(
            reading=reading,
            declaration=declared,
            path=str(place.context.path_format),
            chosen=_chosen(place.context),
            provider=place.context.dependency_overrides_provider,
            names=place.pattern.names,
            keys=_keys(declared, place.pattern.names, reading.names),
            query=query,
            pages=declared.query is not None,
            guards=guards,
            dependencies=tuple(each.call for each in place.context.dependant.dependencies),
            before=tuple(each.regex for each in earlier if each.regex is not None),
        )

    @property
    def is_overridden(self) -> bool:
        """Tell whether a dependency of the route is replaced, as tests do."""
        replaced = self.provider.dependency_overrides
        return bool(replaced) and any(each in replaced for each in self.dependencies)

    def parse(self, path: str, values: Sequence[str], query_string: bytes) -> Wanted | None:
        """Return what a request asks for; None when FastAPI should see it, and refuse it."""
        if self.before and any(regex.match(path) for regex in self.before):
            return None
        given: dict[str, Any] = {}
        try:
            for place, name, validate in self.keys:
                given[name] = validate(values[place])
        except Exception:  # noqa: BLE001 - FastAPI reads it again, and answers for it
            return None
        if not (query_string or self.pages):
            return Wanted(given)
        return self._with_query(Wanted(given), query_string)

    def _with_query(self, wanted: Wanted, query_string: bytes) -> Wanted | None:
        found = self.query.parse(query_string)
        if found is None:
            return None
        wanted.fields = self.declaration.fields_in(found)
        if self.pages:
            wanted.query = found
        return wanted

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


def _keys(
    declared: Declaration, places: Sequence[str], names: Mapping[str, str]
) -> tuple[tuple[int, str, Callable[[str], Any]], ...]:
    return tuple(
        (places.index(name), names[column], TypeAdapter(kind).validator.validate_python)
        for (name, column), kind in zip(declared.keys.items(), declared.types.values(), strict=True)
    )
