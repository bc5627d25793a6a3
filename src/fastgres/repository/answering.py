"""Reads that answer a request: rows as a response model, JSON written by one statement."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar, Unpack

from pydantic import BaseModel
from sqlalchemy import Integer

from fastgres.reads import Answer, Call, Given, PlannedRead, ReadResponse, Rows, parameter
from fastgres.repository.binding import bind
from fastgres.repository.columns import key_names, key_values
from fastgres.repository.entity import EntityAccess, Key, Model
from fastgres.repository.ordering import Ordering
from fastgres.repository.pages import Asked, offset_read, page_read
from fastgres.repository.prepared import Target, one_read, scope_values

if TYPE_CHECKING:
    from sqlalchemy import ColumnExpressionArgument
    from starlette.responses import StreamingResponse

    from fastgres.reads import ExportFormat
    from fastgres.repository.counting import Count
    from fastgres.repository.page import OffsetPage, Page
    from fastgres.repository.query import KeysetQuery, ListQuery, OffsetQuery

Shown = TypeVar("Shown", bound=BaseModel)

_LIMIT = parameter("limit", Integer())
_SIZE = parameter("size", Integer())


class ReadOptions(TypedDict, total=False):
    """What every read of a response model takes besides its rows.

    `fields` are those a client asks for, `"id,customer.name"` (422 for one that is not there);
    `include_deleted` shows soft-deleted rows, nested ones too; `exclude_none` leaves null fields
    out of the JSON.

    ```python
    from fastgres.repository import ReadOptions

    options: ReadOptions = {"include_deleted": True}
    ```
    """

    fields: str | None
    include_deleted: bool
    exclude_none: bool


class Answering(EntityAccess[Model]):
    """The reads that take a response model, and return a response which FastAPI sends as it is.

    The rows are read as the database has them, in the session's transaction if one is open, else
    straight from the pool; `value()` of the response is the typed object. Where a field needs
    Python (see `fastgres reads`), the ORM and Pydantic give the same answer.
    """

    async def read(
        self,
        shown: type[Shown],
        key: Key,
        *where: ColumnExpressionArgument[bool],
        **options: Unpack[ReadOptions],
    ) -> ReadResponse[Shown]:
        """Return the row with this primary key as a response, or raise `NotFoundError` (404).

        ```python
        from fastgres.repository import Repository
        from shop.models import Product
        from shop.schemas.product import ProductRead

        class ProductRepository(Repository[Product]): ...

        products = ProductRepository(session)
        mug = await products.add(Product(sku="MUG-7", name="Mug", price=9, stock=3))
        response = await products.read(ProductRead, mug.id)
        assert response.value().name == "Mug"
        assert response.body.startswith(b'{"id":"')
        ```
        """
        names = key_names(self.model)
        values = scope_values(self.scope)
        for name, value in zip(names, key_values(self.model, key), strict=True):
            values[f"key_{name}"] = value
        found = await one_read(self._target(shown, options), names).run(
            self.session, values, given=Given.of(where), fields=options.get("fields")
        )
        if found is None:
            raise self._not_found([key])
        return found

    async def first(
        self,
        shown: type[Shown],
        *where: ColumnExpressionArgument[bool],
        order_by: Sequence[ColumnExpressionArgument[Any]] = (),
        **options: Unpack[ReadOptions],
    ) -> ReadResponse[Shown | None]:
        """Return the first row by `order_by` and then by primary key; `null` when there is none.

        ```python
        from fastgres.repository import Repository
        from shop.models import Product
        from shop.schemas.product import ProductRead

        class ProductRepository(Repository[Product]): ...

        newest = [Product.created_at.desc()]
        response = await ProductRepository(session).first(ProductRead, order_by=newest)
        assert response.value() is None and response.body == b"null"
        ```
        """
        read = self._reading(shown, options)
        found = await read.first(self.session, self._rows_call(where, order_by, limit=1))
        return read.response(found or Answer(b"null", [None]), shown | None)

    async def _list_shown(
        self,
        shown: type[Shown],
        where: Sequence[Any],
        order_by: Sequence[Any],
        *,
        limit: int,
        options: Any,
    ) -> ReadResponse[builtins.list[Shown]]:
        read = self._reading(shown, options)
        found = await read.all(self.session, self._rows_call(where, order_by, limit=limit))
        return read.response(found, builtins.list[shown])  # type: ignore[valid-type]  # a type made at run time

    async def _page_shown(
        self,
        shown: type[Shown],
        query: KeysetQuery,
        where: Sequence[Any],
        *,
        count: Count,
        options: Any,
    ) -> ReadResponse[Page[Shown]]:
        read = page_read(self._target(shown, options), type(query))
        asked = Asked(query, self.scope, Given.of(where))
        return await read.run(self.session, asked, count=count, fields=options.get("fields"))

    async def _offset_page_shown(
        self,
        shown: type[Shown],
        query: OffsetQuery,
        where: Sequence[Any],
        *,
        count: Count,
        options: Any,
    ) -> ReadResponse[OffsetPage[Shown]]:
        read = offset_read(self._target(shown, options), type(query))
        asked = Asked(query, self.scope, Given.of(where))
        return await read.run(self.session, asked, count=count, fields=options.get("fields"))

    def _stream_shown(
        self,
        shown: type[Shown],
        where: Sequence[Any],
        query: ListQuery | None,
        *,
        format: ExportFormat,  # noqa: A002 - as in Reads
        options: Any,
    ) -> StreamingResponse:
        asked: list[Any] = self._where(*where)
        ordering = Ordering.parse(self.model, "")
        if query is not None:
            bound = bind(self.model, type(query))
            ordering = bound.ordering(query)
            asked += bound.conditions(query)
        given = Given.of(asked)

        def after(position: tuple[Any, ...] | None) -> Call:
            return _batch(ordering, given, position)

        keys = ordering.forwards.keys
        read = self._reading(shown, options)
        return read.stream(self.session, after, keys=keys, format=format)

    def _rows_call(self, where: Sequence[Any], order_by: Sequence[Any], *, limit: int) -> Call:
        given = Given.of(self._where(*where), order_by)

        def rows(given: Given) -> Rows:
            order = [*given.order_by, *self._key_order()]
            return Rows(where=given.where, order_by=order, limit=_LIMIT)

        return Call("rows", rows, {"limit": limit}, given)

    def _target(self, shown: type[Shown], options: ReadOptions) -> Target[Shown]:
        return Target(
            mapped=self.model,
            model=shown,
            scope=tuple(self.scope),
            include_deleted=options.get("include_deleted", False),
            exclude_none=options.get("exclude_none", False),
        )

    def _reading(self, shown: type[Any], options: ReadOptions) -> PlannedRead:
        read = PlannedRead.of(self._target(shown, options).plan)
        fields = options.get("fields")
        return read if fields is None else read.with_fields(fields)


def response_model_in(arguments: tuple[Any, ...]) -> tuple[type[BaseModel] | None, tuple[Any, ...]]:
    """Return the response model that stands in front of the arguments, if any, and the others."""
    first = arguments[0] if arguments else None
    if isinstance(first, type) and issubclass(first, BaseModel):
        return first, arguments[1:]
    return None, arguments


def _batch(ordering: Ordering, given: Given, position: tuple[Any, ...] | None) -> Call:
    """Make the read of the rows behind a position, in a stream of rows in this order."""
    nulls = () if position is None else tuple([value is None for value in position])
    values = {} if position is None else ordering.parameters(position)

    def rows(given: Given) -> Rows:
        beyond = [ordering.template_beyond(nulls, inclusive=False)] if nulls else []
        return Rows(where=given.where, beyond=beyond, order_by=ordering.order_by(), limit=_SIZE)

    return Call(("stream", ordering.name, nulls), rows, values, given)
