"""Reads without a repository: a mapped class, a response model, and any session or engine."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pydantic import BaseModel
from sqlalchemy import Integer, tuple_

from fastgres.reads.absence import NoSuchRowError
from fastgres.reads.call import Answer, Call
from fastgres.reads.faulty import check_limit
from fastgres.reads.given import Given
from fastgres.reads.plan import ReadPlan
from fastgres.reads.reading import PlannedRead
from fastgres.reads.source import key_attributes
from fastgres.reads.statement import PageOrder, Rows, parameter
from fastgres.reads.streaming import BATCH

if TYPE_CHECKING:
    from sqlalchemy import ColumnExpressionArgument
    from starlette.responses import StreamingResponse

    from fastgres.reads.call import Source
    from fastgres.reads.explaining import Explanation
    from fastgres.reads.response import ReadResponse
    from fastgres.reads.streaming import ExportFormat

ReadModel = TypeVar("ReadModel", bound=BaseModel)

_LIMIT = parameter("limit", Integer())
_SIZE = parameter("size", Integer())


class Reads(Generic[ReadModel]):
    """Read rows of a mapped class as a response model; one statement returns the JSON.

    Works with the models, schemas, sessions and engines of any application on asyncpg. Make it
    once, where the route is; the statements are compiled when first used and kept. `source` is an
    `AsyncSession`, an `AsyncConnection` or an `AsyncEngine`; conditions and order are SQLAlchemy
    expressions on the mapped class. `fields` are those a client asks for, `"id,customer.name"`
    (422 for one that is not there).

    ```python
    from fastgres.reads import Reads
    from shop.models import Product
    from shop.schemas.product import ProductRead

    products = Reads(Product, ProductRead)
    response = await products.list(session, Product.stock > 0, limit=20, fields="id,name")
    assert response.body.startswith(b"[")
    ```
    """

    def __init__(
        self,
        mapped: type[Any],
        model: type[ReadModel],
        *,
        include_deleted: bool = False,
        exclude_none: bool = False,
        force_loaded: bool = False,
    ) -> None:
        plan = ReadPlan.of(
            mapped, model, include_deleted=include_deleted, exclude_none=exclude_none
        )
        self.plan = plan.as_loaded() if force_loaded else plan
        self.model = model
        self._read = PlannedRead.of(self.plan)

    async def one(
        self,
        source: Source,
        *where: ColumnExpressionArgument[bool],
        fields: str | None = None,
    ) -> ReadResponse[ReadModel]:
        """Return the row that fulfils the conditions; raise `NotFoundError` (404) without one."""
        read = self._reading(fields)
        found = await read.first(source, self._one(where))
        if found is None:
            raise NoSuchRowError(f"There is no such {self.plan.root.cls.__name__}.")
        return read.response(found, self.model)

    async def first(
        self,
        source: Source,
        *where: ColumnExpressionArgument[bool],
        order_by: Sequence[ColumnExpressionArgument[Any]] = (),
        fields: str | None = None,
    ) -> ReadResponse[ReadModel | None]:
        """Return the first row by `order_by` and then by primary key; `null` without one."""
        read = self._reading(fields)
        found = await read.first(source, self._call(where, order_by, limit=1))
        return read.response(found or Answer(b"null", [None]), self.model | None)

    async def list(
        self,
        source: Source,
        *where: ColumnExpressionArgument[bool],
        order_by: Sequence[ColumnExpressionArgument[Any]] = (),
        limit: int = 100,
        fields: str | None = None,
    ) -> ReadResponse[builtins.list[ReadModel]]:
        """Return at most `limit` rows, by `order_by` and then by primary key."""
        check_limit(limit)
        read = self._reading(fields)
        found = await read.all(source, self._call(where, order_by, limit=limit))
        return read.response(found, builtins.list[self.model])  # type: ignore[name-defined]  # a type made at run time

    def stream(
        self,
        source: Source,
        *where: ColumnExpressionArgument[bool],
        format: ExportFormat = "ndjson",  # noqa: A002 - the word that callers look for
        fields: str | None = None,
    ) -> StreamingResponse:
        """Return a response that sends all rows, by primary key, a thousand at a time.

        One object a line, or one JSON array. Rows are read while the response is sent, each
        batch by a statement of its own: pass an engine, or a session made on one. A row written
        in the session's open transaction is not seen.

        ```python
        from fastgres.reads import Reads
        from shop.models import Product
        from shop.schemas.product import ProductRead

        export = Reads(Product, ProductRead).stream(database.engine, Product.active)
        assert export.media_type == "application/x-ndjson"
        ```
        """
        given = Given.of(where)
        keys = self._key_order()

        def after(position: tuple[Any, ...] | None) -> Call:
            return self._batch(given, keys, position)

        rising = [(key, False) for key in keys]
        return self._reading(fields).stream(source, after, keys=rising, format=format)

    def _batch(
        self, given: Given, keys: builtins.list[Any], position: tuple[Any, ...] | None
    ) -> Call:
        names = [f"after_{number}" for number in range(len(keys))]

        def rows(given: Given) -> Rows:
            there = [parameter(name, key.type) for name, key in zip(names, keys, strict=True)]
            beyond = [] if position is None else [tuple_(*keys) > tuple_(*there)]
            return Rows(where=given.where, beyond=beyond, order_by=keys, limit=_SIZE)

        values = {} if position is None else dict(zip(names, position, strict=True))
        return Call(("stream", position is None), rows, values, given)

    def explain(
        self,
        *where: ColumnExpressionArgument[bool],
        order_by: Sequence[ColumnExpressionArgument[Any]] = (),
        limit: int | None = None,
        fields: str | None = None,
    ) -> Explanation:
        """Tell how one row is read, or with a `limit` a list, and by which SQL.

        ```python
        from fastgres.reads import Reads
        from shop.models import Product
        from shop.schemas.product import ProductRead

        told = Reads(Product, ProductRead).explain(Product.sku == "MUG-01")
        assert told.kind == "compiled" and told.statements == 1
        assert "FROM products" in told.sql
        ```
        """
        read = self._reading(fields)
        if limit is None and not order_by:
            return read.explain(self._one(where))
        call = self._call(where, order_by, limit=1 if limit is None else limit)
        return read.explain(call, many=limit is not None)

    def explain_stream(self, *where: ColumnExpressionArgument[bool]) -> Explanation:
        """Tell how the first batch of an export is read.

        ```python
        from fastgres.reads import Reads
        from shop.models import Product
        from shop.schemas.product import ProductRead

        told = Reads(Product, ProductRead).explain_stream(Product.active)
        assert told.values["size"] == 1_000
        ```
        """
        keys = self._key_order()
        first = replace(self._batch(Given.of(where), keys, None), values={"size": BATCH})
        return self._read.explain(first, PageOrder([(key, False) for key in keys], separator="\n"))

    def _one(self, where: Sequence[Any]) -> Call:
        return Call("one", lambda given: Rows(where=given.where), given=Given.of(where))

    def _call(self, where: Sequence[Any], order_by: Sequence[Any], *, limit: int) -> Call:
        given = Given.of(where, order_by)
        return Call(key="reads", rows=self._rows, values={"limit": limit}, given=given)

    def _rows(self, given: Given) -> Rows:
        return Rows(where=given.where, order_by=[*given.order_by, *self._key_order()], limit=_LIMIT)

    def _key_order(self) -> builtins.list[Any]:
        return [*key_attributes(self.plan.root.cls)]

    def _reading(self, fields: str | None) -> PlannedRead:
        return self._read if fields is None else self._read.with_fields(fields)
