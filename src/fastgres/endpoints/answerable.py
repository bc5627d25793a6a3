"""A declared route made ready to be answered at the boundary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from fastgres.endpoints.address import Address
from fastgres.endpoints.guards import guards_of
from fastgres.endpoints.parsing import QueryParser
from fastgres.endpoints.reading import reading_of
from fastgres.endpoints.wanted import Wanted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from fastgres.endpoints.declaration import Declaration
    from fastgres.endpoints.guards import Guard
    from fastgres.endpoints.precedence import Place
    from fastgres.endpoints.reading import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Answerable:
    """Everything that is worked out once for a route."""

    reading: Reading
    declaration: Declaration
    address: Address
    provider: Any
    query: QueryParser
    pages: bool
    guards: tuple[Guard, ...]
    dependencies: tuple[Any, ...]

    @classmethod
    def of(cls, place: Place, declared: Declaration) -> Answerable | str:
        """Make a route ready, or say why it is left to FastAPI."""
        if place.why is not None:
            return place.why
        guards = guards_of(place.context.dependant.dependencies)
        if isinstance(guards, str):
            return guards
        query = QueryParser.of(declared.parameters)
        if isinstance(query, str):
            return query
        reading = reading_of(declared)
        return cls(
            reading=reading,
            declaration=declared,
            address=Address.of(place, _keys(declared, place.pattern.names, reading.names)),
            provider=place.context.dependency_overrides_provider,
            query=query,
            pages=declared.query is not None,
            guards=guards,
            dependencies=tuple(each.call for each in place.context.dependant.dependencies),
        )

    @property
    def is_overridden(self) -> bool:
        """Tell whether a dependency of the route is replaced, as tests do."""
        replaced = self.provider.dependency_overrides
        return bool(replaced) and any(each in replaced for each in self.dependencies)

    def parse(self, path: str, values: Sequence[str], query_string: bytes) -> Wanted | None:
        """Return what a request asks for; None when FastAPI should see it, and refuse it."""
        given = self.address.read(path, values)
        if given is None:
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


def _keys(
    declared: Declaration, places: Sequence[str], names: Mapping[str, str]
) -> tuple[tuple[int, str, Callable[[str], Any]], ...]:
    return tuple(
        (places.index(name), names[column], TypeAdapter(kind).validator.validate_python)
        for (name, column), kind in zip(declared.keys.items(), declared.types.values(), strict=True)
    )
