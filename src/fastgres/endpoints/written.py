"""A handler that returns its response, made ready to be called without FastAPI's work.

FastAPI sends a `Response` as it is, so all that it does for such a GET is to find the route, read
the parameters and call the dependencies. Where that is plain it is worked out once, here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from pydantic import BaseModel, TypeAdapter
from starlette.requests import Request
from starlette.responses import Response

from fastgres.endpoints.address import Address
from fastgres.endpoints.asking import Asking
from fastgres.endpoints.guards import more_than_inputs
from fastgres.endpoints.parsing import QueryParser
from fastgres.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fastapi.dependencies.models import Dependant
    from starlette.types import Receive, Scope

    from fastgres.endpoints.precedence import Place

_PLAIN: Final = (str, int, float, UUID, date, datetime, Decimal)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """Everything that is worked out once for a handler. `query` has its parameter's name."""

    call: Callable[..., Any]
    address: Address
    provider: Any
    request: str | None
    query: tuple[str, QueryParser] | None
    asking: Asking

    @classmethod
    def of(cls, place: Place) -> Written | str:
        """Make a handler ready, or say why it is left to FastAPI."""
        dependant = place.context.dependant
        why = place.why or more_than_inputs(dependant)
        if why is not None or dependant.call is None:
            return why or "it has no handler"
        keys = _keys(dependant, place.pattern.names)
        if isinstance(keys, str):
            return keys
        query = _query(dependant)
        if isinstance(query, str):
            return query
        asking = Asking.of(dependant.dependencies)
        if isinstance(asking, str):
            return asking
        return cls(
            call=dependant.call,
            address=Address.of(place, keys),
            provider=place.context.dependency_overrides_provider,
            request=dependant.request_param_name or dependant.http_connection_param_name,
            query=query,
            asking=asking,
        )

    @property
    def is_overridden(self) -> bool:
        """Tell whether any dependency is replaced, as tests do."""
        return bool(self.provider.dependency_overrides)

    def parse(self, path: str, values: Sequence[str], query_string: bytes) -> dict[str, Any] | None:
        """Return the values of the parameters; None when FastAPI should see it, and refuse it."""
        given = self.address.read(path, values)
        if given is None or self.query is None:
            return given
        name, parser = self.query
        found = parser.parse(query_string)
        if found is None:
            return None
        given[name] = found
        return given

    async def answer(self, given: dict[str, Any], scope: Scope, receive: Receive) -> Response:
        """Return what the handler returns; raises what it and its dependencies raise."""
        request = Request(scope, receive)
        given |= await self.asking.ask(request)
        if self.request is not None:
            given[self.request] = request
        response = await self.call(**given)
        if not isinstance(response, Response):
            raise ConfigurationError(
                f"The handler {self.call.__qualname__} of GET {self.address.path} says "
                f"`-> Response` and returned {response!r}. Return a response, or let the "
                "annotation say what it returns."
            )
        return response


def _keys(
    dependant: Dependant, places: Sequence[str]
) -> list[tuple[int, str, Callable[[str], Any]]] | str:
    """Return what reads the path, which must name every part of it once."""
    fields = {field.alias: field for field in dependant.path_params}
    if sorted(fields) != sorted(places):
        return "its path has parameters that the handler does not take"
    found: list[tuple[int, str, Callable[[str], Any]]] = []
    for place, name in enumerate(places):
        info = fields[name].field_info
        kind: Any = info.annotation
        if info.metadata or not _is_plain(kind):
            return f"the parameter {name!r} of its path is no plain value"
        found.append((place, fields[name].name, TypeAdapter(kind).validator.validate_python))
    return found


def _is_plain(kind: Any) -> bool:
    return isinstance(kind, type) and (kind in _PLAIN or issubclass(kind, Enum))


def _query(dependant: Dependant) -> tuple[str, QueryParser] | str | None:
    """Return what reads the query string into a model; None for a handler that takes nothing."""
    if not dependant.query_params:
        return None
    first, *others = dependant.query_params
    model = first.field_info.annotation
    if others or not (isinstance(model, type) and issubclass(model, BaseModel)):
        return "its query string is read into no model"
    parser = QueryParser.of(model)
    return parser if isinstance(parser, str) else (first.name, parser)
