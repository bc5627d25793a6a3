"""Pages as JSON by one statement: what a query model asks for, worked out once for each shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Generic, NamedTuple

from pydantic_core import to_json
from sqlalchemy import Integer, select

from fastgres.db import include_deleted as with_deleted
from fastgres.reads import (
    Call,
    JsonPage,
    PageOrder,
    PlannedRead,
    ReadResponse,
    Rows,
    parameter,
    session_beside,
)
from fastgres.repository.binding import bind
from fastgres.repository.columns import attribute, primary_key
from fastgres.repository.counting import Count, estimate
from fastgres.repository.filtering import bound
from fastgres.repository.keyset import Position, Step, position_of, read_cursor
from fastgres.repository.page import OffsetPage, Page, number_of_pages
from fastgres.repository.prepared import NOTHING, Shown, Target

if TYPE_CHECKING:
    from sqlalchemy import Select

    from fastgres.reads import Explanation, Given, Source
    from fastgres.repository.binding import BoundQuery
    from fastgres.repository.ordering import Ordering
    from fastgres.repository.query import KeysetQuery, ListQuery, OffsetQuery

_SIZE = parameter("size", Integer())
_OFFSET = parameter("offset", Integer())
_UNKEYED = PageOrder(())


@dataclass(frozen=True, slots=True)
class Asked:
    """A query of one request, with the values of its scope and conditions of the caller.

    ```python
    from fastgres.repository import Asked
    from shop.schemas.order import OrderQuery

    asked = Asked(OrderQuery(size=10), scope={})
    ```
    """

    query: Any
    scope: Mapping[str, Any]
    given: Given = NOTHING

    def values(self, bound: BoundQuery) -> dict[str, Any]:
        """Return the values of all parameters but those of the position; 422 for absurd ones."""
        values = bound.values(self.query)
        for name, value in self.scope.items():
            values[f"scope_{name}"] = value
        values["size"] = self.query.size
        return values


class Links(NamedTuple):
    """What stands in a page beside its items."""

    next: str | None
    previous: str | None
    total: int | None

    def around(self, objects: bytes, *, exclude_none: bool) -> bytes:
        """Return the JSON of the page; a cursor is of letters that JSON need not escape."""
        members = [b'{"items":[%b]' % objects]
        for name, value in zip(_LINKS, self, strict=True):
            if isinstance(value, str):
                members.append(b'%b"%b"' % (name, value.encode()))
            elif value is not None:
                members.append(b"%b%d" % (name, value))
            elif not exclude_none:
                members.append(name + b"null")
        return b",".join(members) + b"}"


_LINKS = (b'"next":', b'"previous":', b'"total":')


class ListRead(Generic[Shown]):
    """What the two kinds of pages share: the query bound to its columns, and the conditions."""

    def __init__(self, target: Target[Shown], query: type[ListQuery]) -> None:
        self.target = target
        self._query = query
        mapped: Any = target.mapped
        self._bound = bind(mapped, query)
        self._key = (query, target.scope)
        self._read = PlannedRead.of(target.plan)

    def _reading(self, fields: str | None) -> PlannedRead:
        return self._read if fields is None else self._read.with_fields(fields)

    def _asked(self, query: Any | None, given: Given) -> Asked:
        """Return what a query asks for, in a scope that only a request knows.

        Without a query it is that of no parameters, whether some are required or not.
        """
        if query is None:
            fields = self._query.model_fields.items()
            required = [name for name, field in fields if field.is_required()]
            query = self._query.model_construct().model_copy(update=dict.fromkeys(required))
        return Asked(query, dict.fromkeys(self.target.scope), given)

    def _where(self, asked: Asked, given: Given) -> list[Any]:
        shape = self._bound.shape(asked.query)
        return [*self.target.scoped(), *self._bound.template_conditions(shape), *given.where]

    def _visible(self, asked: Asked) -> Select[Any]:
        """Select the keys of the whole list, with the values in the statement."""
        mapped = self.target.mapped
        columns = [(attribute(mapped, name), value) for name, value in asked.scope.items()]
        scope = [column == bound(column, value) for column, value in columns]
        statement = select(*primary_key(mapped)).where(
            *scope, *self._bound.conditions(asked.query), *asked.given.where
        )
        return with_deleted(statement) if self.target.include_deleted else statement

    async def _estimate(self, source: Source, asked: Asked) -> int:
        async with session_beside(source) as session:
            return await estimate(session, self._visible(asked))


class PageRead(ListRead[Shown]):
    """Read a page of a list that is walked with cursors."""

    async def run(
        self, source: Source, asked: Asked, *, count: Count = "none", fields: str | None = None
    ) -> ReadResponse[Page[Shown]]:
        """Return the page; the objects are written by one statement, the cursors here.

        Raises `InvalidCursorError` (422) as `Repository.page` does. An estimate of the number of
        rows is a statement of its own, and so is the look at the row of a cursor that is too
        long to carry its values.
        """
        read = self._reading(fields)
        ordering = self._bound.ordering(asked.query)
        position = None
        if asked.query.cursor is not None:
            position = await self._position(source, asked, ordering)
        step = Step(ordering, position, asked.query.size)
        page = await read.page(
            source,
            self._call(asked, step, asked.values(self._bound)),
            ordering.backwards if step.backwards else ordering.forwards,
            count=count == "exact",
        )
        next_, previous = step.cursors(more=page.more, first=page.first, last=page.last)
        total = page.total
        if count != "none" and next_ is None and previous is None:
            total = page.count
        elif count == "estimated":
            total = await self._estimate(source, asked)
        return self._response(read, page, Links(next_, previous, total))

    def explain(
        self,
        query: KeysetQuery | None = None,
        *,
        given: Given = NOTHING,
        count: Count = "none",
        fields: str | None = None,
    ) -> Explanation:
        """Explain the statement of a query's first page, without one that of no parameters."""
        asked = self._asked(query, given)
        ordering = self._bound.ordering(asked.query)
        step = Step(ordering, None, asked.query.size)
        call = self._call(asked, step, asked.values(self._bound))
        read = self._reading(fields)
        told = read.explain(call, ordering.forwards, count=count == "exact")
        return told.with_another() if count == "estimated" else told

    async def _position(self, source: Source, asked: Asked, ordering: Ordering) -> Position:
        text: str = asked.query.cursor
        cursor = read_cursor(text, ordering)
        if not cursor.by_key:
            return Position(cursor.direction, cursor.values)
        async with session_beside(source) as session:
            return await position_of(session, text, ordering, visible=self._visible(asked))

    def _call(self, asked: Asked, step: Step, values: dict[str, Any]) -> Call:
        ordering, position = step.ordering, step.position
        travelled = ordering.reversed() if step.backwards else ordering
        nulls: tuple[bool, ...] = ()
        inclusive = False
        if position is not None:
            values |= ordering.parameters(position.values)
            nulls = tuple([value is None for value in position.values])
            inclusive = position.inclusive

        def rows(given: Given) -> Rows:
            beyond = [travelled.template_beyond(nulls, inclusive=inclusive)] if nulls else []
            return Rows(
                where=self._where(asked, given),
                beyond=beyond,
                order_by=travelled.order_by(),
                limit=_SIZE,
            )

        shape = self._bound.shape(asked.query)
        return Call((self._key, shape, ordering.name, nulls, inclusive), rows, values, asked.given)

    def _response(
        self, read: PlannedRead, page: JsonPage, links: Links
    ) -> ReadResponse[Page[Shown]]:
        body = links.around(page.objects, exclude_none=self.target.exclude_none)

        def value() -> Page[Shown]:
            return Page[Any].model_construct(items=read.values(page), **links._asdict())

        return ReadResponse(body, value)


class OffsetRead(ListRead[Shown]):
    """Read a page of a list that is walked by number."""

    async def run(
        self, source: Source, asked: Asked, *, count: Count = "exact", fields: str | None = None
    ) -> ReadResponse[OffsetPage[Shown]]:
        """Return the page, by one statement unless the number of rows is estimated."""
        read = self._reading(fields)
        query: OffsetQuery = asked.query
        values = asked.values(self._bound)
        values["offset"] = (query.page - 1) * query.size
        page = await read.page(source, self._call(asked, values), _UNKEYED, count=count == "exact")
        total = page.total
        if count == "estimated":
            total = await self._estimate(source, asked)
        frame = OffsetPage[Any].model_construct(
            items=[],
            page=query.page,
            size=query.size,
            has_next=page.more,
            total=total,
            pages=number_of_pages(total, query.size),
        )
        body = framed(frame, page.objects, exclude_none=self.target.exclude_none)

        def value() -> OffsetPage[Shown]:
            return frame.model_copy(update={"items": read.values(page)})

        return ReadResponse(body, value)

    def explain(
        self,
        query: OffsetQuery | None = None,
        *,
        given: Given = NOTHING,
        count: Count = "exact",
        fields: str | None = None,
    ) -> Explanation:
        """Explain the statement of a query's page, without one that of no parameters."""
        asked = self._asked(query, given)
        offset = (asked.query.page - 1) * asked.query.size
        call = self._call(asked, {**asked.values(self._bound), "offset": offset})
        told = self._reading(fields).explain(call, _UNKEYED, count=count == "exact")
        return told.with_another() if count == "estimated" else told

    def _call(self, asked: Asked, values: dict[str, Any]) -> Call:
        ordering = self._bound.ordering(asked.query)

        def rows(given: Given) -> Rows:
            return Rows(
                where=self._where(asked, given),
                order_by=ordering.order_by(),
                limit=_SIZE,
                offset=_OFFSET,
            )

        shape = self._bound.shape(asked.query)
        return Call((self._key, "offset", shape, ordering.name), rows, values, asked.given)


def framed(frame: OffsetPage[Any], objects: bytes, *, exclude_none: bool) -> bytes:
    """Return the JSON of a page whose objects are written already; they come first."""
    rest = to_json(frame.model_dump(exclude={"items"}, exclude_none=exclude_none))
    return b'{"items":[%b]%b%b' % (objects, b"," if rest != b"{}" else b"", rest[1:])


@lru_cache(maxsize=1024)
def page_read(target: Target[Shown], query: type[KeysetQuery]) -> PageRead[Shown]:
    """Return the read of a query model's pages; always the same object while it is in use.

    ```python
    from fastgres.repository import Asked, Target, page_read
    from shop.models import Product
    from shop.schemas.product import ProductQuery, ProductRead

    read = page_read(Target(mapped=Product, model=ProductRead), ProductQuery)
    response = await read.run(database.engine, Asked(ProductQuery(), scope={}))
    assert response.value().items == []
    ```
    """
    return PageRead(target, query)


@lru_cache(maxsize=1024)
def offset_read(target: Target[Shown], query: type[OffsetQuery]) -> OffsetRead[Shown]:
    """Return the read of a query model's pages by number.

    ```python
    from fastgres.repository import Asked, OffsetQuery, Target, offset_read
    from shop.models import Product
    from shop.schemas.product import ProductRead

    read = offset_read(Target(mapped=Product, model=ProductRead), OffsetQuery)
    response = await read.run(database.engine, Asked(OffsetQuery(), scope={}))
    assert response.value().total == 0
    ```
    """
    return OffsetRead(target, query)
