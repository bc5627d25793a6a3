"""The read of a declared route, worked out once and run for each request."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import Integer, inspect
from starlette.requests import HTTPConnection

from fastgres.errors import NotFoundError
from fastgres.reads import Call, Given, PlannedRead, Rows, parameter
from fastgres.repository import (
    Asked,
    OffsetQuery,
    Scope,
    Target,
    offset_read,
    one_read,
    page_read,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import Scope as Connection

    from fastgres.endpoints.declaration import Declaration
    from fastgres.endpoints.wanted import Wanted
    from fastgres.reads import Explanation, ReadResponse, Source

_LIMIT = parameter("limit", Integer())


def finish(
    response: ReadResponse[Any], declaration: Declaration, scope: Connection
) -> ReadResponse[Any]:
    """Give a response the headers that were declared; make it 304 where the client has it."""
    if declaration.control is not None:
        response.raw_headers.append(declaration.control)
    return response.conditional(HTTPConnection(scope)) if declaration.is_conditional else response


class Reading(Protocol):
    """What answers a declared route."""

    async def respond(self, source: Source, wanted: Wanted) -> ReadResponse[Any]:
        """Return the response; raises what the same read of a repository raises."""
        ...

    def explain(self, query: Any = None) -> Explanation:
        """Explain the statement: of a query, or of a request without parameters."""
        ...


@lru_cache(maxsize=4096)
def reading_of(declaration: Declaration) -> Reading:
    """Return the read of a declaration; `ConfigurationError` for a model that cannot be filled.

    Always the same object while it is in use. The mapped classes must all be there by now.
    """
    kinds: Mapping[str, Any] = {"one": OneReading, "page": PageReading, "list": ListReading}
    made: Reading = kinds[declaration.kind](declaration)
    return made


def _target(declaration: Declaration, scope: tuple[str, ...]) -> Target[Any]:
    options = declaration.options
    return Target(
        mapped=declaration.mapped,
        model=declaration.model,
        scope=scope,
        include_deleted=options.get("include_deleted", False),
        exclude_none=options.get("exclude_none", False),
    )


def _given(declaration: Declaration) -> Given:
    options = declaration.options
    return Given.of(options.get("where", ()), options.get("order_by", ()))


class OneReading:
    """Read the one row that has the values of the path, within the scope."""

    def __init__(self, declaration: Declaration) -> None:
        self._mapped = declaration.mapped
        target = _target(declaration, tuple(declaration.scope))
        self._read = one_read(target, tuple(declaration.keys.values()))
        self._noun = declaration.noun
        self._given = _given(declaration)

    async def respond(self, source: Source, wanted: Wanted) -> ReadResponse[Any]:
        """Return the row, or raise `NotFoundError`."""
        values = {f"key_{name}": value for name, value in wanted.keys.items()}
        if wanted.scope:
            scope = Scope.of(self._mapped, wanted.scope)
            values |= {f"scope_{name}": value for name, value in scope.values.items()}
        found = await self._read.run(source, values, given=self._given, fields=wanted.fields)
        if found is None:
            named = "/".join(map(str, wanted.keys.values()))
            raise NotFoundError(f"There is no {self._noun} {named}".rstrip() + ".")
        return found

    def explain(self, _query: Any = None) -> Explanation:
        """Explain the statement."""
        return self._read.explain(given=self._given)


class PageReading:
    """Read a page of the rows that have the values of the path, within the scope."""

    def __init__(self, declaration: Declaration) -> None:
        self._mapped = declaration.mapped
        query: Any = declaration.query
        kind: Any = offset_read if issubclass(query, OffsetQuery) else page_read
        columns = (*declaration.keys.values(), *declaration.scope)
        self._read = kind(_target(declaration, columns), query)
        self._query = query
        self._given = _given(declaration)
        count = declaration.options.get("count")
        self._options = {} if count is None else {"count": count}

    async def respond(self, source: Source, wanted: Wanted) -> ReadResponse[Any]:
        """Return the page."""
        scope = wanted.keys
        if wanted.scope:
            scope = {**scope, **Scope.of(self._mapped, wanted.scope).values}
        asked = Asked(wanted.query, scope, self._given)
        page: ReadResponse[Any] = await self._read.run(
            source, asked, fields=wanted.fields, **self._options
        )
        return page

    def explain(self, query: Any = None) -> Explanation:
        """Explain the statement of the first page."""
        told: Explanation = self._read.explain(query, given=self._given, **self._options)
        return told


class ListReading:
    """Read the first rows of an order, those that have the values of the path, in the scope."""

    def __init__(self, declaration: Declaration) -> None:
        self._mapped = declaration.mapped
        options = declaration.options
        self._shape = declaration.response_model
        self._target = _target(declaration, (*declaration.keys.values(), *declaration.scope))
        self._read = PlannedRead.of(self._target.plan)
        self._limit = options.get("limit", 100)
        self._given = _given(declaration)

    async def respond(self, source: Source, wanted: Wanted) -> ReadResponse[Any]:
        """Return the rows, as an array."""
        values = {f"scope_{name}": value for name, value in wanted.keys.items()}
        if wanted.scope:
            scope = Scope.of(self._mapped, wanted.scope)
            values |= {f"scope_{name}": value for name, value in scope.values.items()}
        fields = wanted.fields
        read = self._read if fields is None else self._read.with_fields(fields)
        found = await read.all(source, self._call(values))
        return read.response(found, self._shape)

    def explain(self, _query: Any = None) -> Explanation:
        """Explain the statement."""
        names = [f"scope_{name}" for name in self._target.scope]
        return self._read.explain(self._call(dict.fromkeys(names)), many=True)

    def _call(self, values: dict[str, Any]) -> Call:
        key = ("declared list", self._target.scope)
        return Call(key, self._rows, {**values, "limit": self._limit}, self._given)

    def _rows(self, given: Given) -> Rows:
        mapper: Any = inspect(self._mapped)
        columns = (mapper.get_property_by_column(each).key for each in mapper.primary_key)
        primary = [getattr(self._mapped, name) for name in columns]
        return Rows(
            where=[*self._target.scoped(), *given.where],
            order_by=[*given.order_by, *primary],
            limit=_LIMIT,
        )
