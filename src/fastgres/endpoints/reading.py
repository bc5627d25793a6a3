"""The read of a declared route, worked out once and run for each request."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import Integer

from fastgres.errors import ConfigurationError, NotFoundError
from fastgres.reads import (
    Call,
    Given,
    PlannedRead,
    Rows,
    key_attributes,
    parameter,
    tagged,
)
from fastgres.repository import Asked, OffsetQuery, Scope, Target, offset_read, one_read, page_read

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping

    from fastgres.endpoints.declaration import Declaration
    from fastgres.endpoints.wanted import Wanted
    from fastgres.reads import Explanation, Source

Reply = tuple[int, list[tuple[bytes, bytes]], bytes]
"""Status, headers and body of a response."""

_LIMIT = parameter("limit", Integer())


def replied(body: bytes, declaration: Declaration, connection: Mapping[str, Any]) -> Reply:
    """Return the response with what was declared; 304 where the client has it."""
    headers = [(b"content-length", b"%d" % len(body)), *declaration.head]
    if declaration.is_conditional:
        return tagged(body, headers, connection["headers"])
    return 200, headers, body


class Content(Protocol):
    """What holds the JSON of a read."""

    @property
    def body(self) -> bytes | memoryview:
        """The JSON."""
        ...


async def content(reading: Reading, source: Source, wanted: Wanted) -> bytes:
    """Return the JSON of a read; `NotFoundError` for a row that is not there."""
    found = await reading.run(source, wanted)
    if found is None:
        raise reading.missing(wanted)
    return found.body if type(found.body) is bytes else bytes(found.body)


class Reading(Protocol):
    """What answers a declared route. `names` says under which name a column's value is given."""

    names: dict[str, str]

    def run(self, source: Source, wanted: Wanted) -> Awaitable[Content | None]:
        """Return the JSON, or None; raises what the same read of a repository raises."""
        ...

    def missing(self, wanted: Wanted) -> NotFoundError:
        """Return the error for a row that is not there."""
        ...

    def explain(self, query: Any = None, *, fields: str | None = None) -> Explanation:
        """Explain the statement, of a page that of this query; of all fields, or of those named."""
        ...


@lru_cache(maxsize=4096)
def reading_of(declaration: Declaration) -> Reading:
    """Return the read of a declaration; `ConfigurationError` with the route where there is none.

    Always the same object while it is in use. The mapped classes must all be there by now.
    """
    kinds: Mapping[str, Any] = {"one": OneReading, "page": PageReading, "list": ListReading}
    try:
        made: Reading = kinds[declaration.kind](declaration)
    except ConfigurationError as error:
        raise ConfigurationError(
            f"The route GET {declaration.path} ({declaration.name}, declared by "
            f"`ReadRouter.{declaration.kind}`) cannot be read. {error}"
        ) from error
    return made


class RowsReading:
    """What the reads share: rows that have the values of the path and of the scope.

    `names` says under which name the value of a column is given.
    """

    def __init__(self, declaration: Declaration, *scope: str) -> None:
        self.declaration = declaration
        options = declaration.options
        self.target: Target[Any] = Target(
            mapped=declaration.mapped,
            model=declaration.model,
            scope=(*scope, *declaration.scope),
            include_deleted=options.get("include_deleted", False),
            exclude_none=options.get("exclude_none", False),
        )
        self.given = Given.of(options.get("where", ()), options.get("order_by", ()))
        self.names = {column: f"scope_{column}" for column in self.target.scope}

    def values(self, wanted: Wanted) -> dict[str, Any]:
        """Return the values by their names; `ConfigurationError` for one that fits no column."""
        if not wanted.scope:
            return wanted.keys
        scope = Scope.of(self.target.mapped, wanted.scope).values
        return {**wanted.keys, **{self.names[column]: value for column, value in scope.items()}}

    def missing(self, wanted: Wanted) -> NotFoundError:
        """Return the error for a row that is not there."""
        named = "/".join(map(str, wanted.keys.values()))
        return NotFoundError(f"There is no {self.declaration.noun} {named}".rstrip() + ".")


class OneReading(RowsReading):
    """Read the one row, as the repository does."""

    def __init__(self, declaration: Declaration) -> None:
        super().__init__(declaration)
        columns = tuple(declaration.keys.values())
        self.names |= {column: f"key_{column}" for column in columns}
        self._one = one_read(self.target, columns)

    def run(self, source: Source, wanted: Wanted) -> Awaitable[Content | None]:
        """Return the row, or None."""
        values = self.values(wanted)
        return self._one.answer(source, values, given=self.given, fields=wanted.fields)

    def explain(self, _query: Any = None, *, fields: str | None = None) -> Explanation:
        """Explain the statement."""
        return self._one.explain(given=self.given, fields=fields)


class ListReading(RowsReading):
    """Read the first rows of an order."""

    def __init__(self, declaration: Declaration) -> None:
        super().__init__(declaration, *declaration.keys.values())
        self._read = PlannedRead.of(self.target.plan)
        self._key = ("declared list", self.target.scope)
        self._most = declaration.options.get("limit", 100)

    def run(self, source: Source, wanted: Wanted) -> Awaitable[Content | None]:
        """Return the rows, as an array."""
        return self._reading(wanted.fields).all(source, self._call(self.values(wanted)))

    def explain(self, _query: Any = None, *, fields: str | None = None) -> Explanation:
        """Explain the statement."""
        call = self._call(dict.fromkeys(self.names.values()))
        return self._reading(fields).explain(call, many=True)

    def _reading(self, fields: str | None) -> PlannedRead:
        return self._read if fields is None else self._read.with_fields(fields)

    def _call(self, values: Mapping[str, Any]) -> Call:
        return Call(self._key, self._rows, {**values, "limit": self._most}, self.given)

    def _rows(self, given: Given) -> Rows:
        """Return which rows are read, by the order that is given and then by primary key."""
        return Rows(
            where=[*self.target.scoped(), *given.where],
            order_by=[*given.order_by, *key_attributes(self.target.mapped)],
            limit=_LIMIT,
        )


class PageReading(RowsReading):
    """Read a page."""

    def __init__(self, declaration: Declaration) -> None:
        super().__init__(declaration, *declaration.keys.values())
        query: Any = declaration.query
        kind: Any = offset_read if issubclass(query, OffsetQuery) else page_read
        self._page = kind(self.target, query)
        self.names = {column: column for column in self.target.scope}
        count = declaration.options.get("count")
        self._options = {} if count is None else {"count": count}

    def run(self, source: Source, wanted: Wanted) -> Awaitable[Content | None]:
        """Return the page."""
        asked = Asked(wanted.query, self.values(wanted), self.given)
        fields = wanted.fields
        page: Awaitable[Content] = self._page.run(source, asked, fields=fields, **self._options)
        return page

    def explain(self, query: Any = None, *, fields: str | None = None) -> Explanation:
        """Explain the statement of a query's page, without one of the first."""
        told: Explanation = self._page.explain(
            query, given=self.given, fields=fields, **self._options
        )
        return told
