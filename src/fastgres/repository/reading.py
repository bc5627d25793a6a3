"""Reading entities: one, several by key, by condition, as a stream."""

from __future__ import annotations

import builtins
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Any, Unpack, overload

from fastgres.errors import OutOfRangeError
from fastgres.reads import check_limit, naming
from fastgres.repository.answering import Answering, ReadOptions, Shown, response_model_in
from fastgres.repository.columns import key_conditions
from fastgres.repository.counting import count_exactly
from fastgres.repository.entity import Key, Model
from fastgres.repository.keys import in_order_of, keys_condition

if TYPE_CHECKING:
    from sqlalchemy import ColumnExpressionArgument
    from sqlalchemy.sql.base import ExecutableOption
    from starlette.responses import StreamingResponse

    from fastgres.reads import ExportFormat, ReadResponse
    from fastgres.repository.query import ListQuery

_BATCH = 500


class Reading(Answering[Model]):
    """The reads of a repository.

    Every method takes conditions, which also scope a read (`Order.customer_id == user.id`),
    `options` (SQLAlchemy loader options, added to `default_options`), and `include_deleted`.
    """

    async def get(
        self,
        key: Key,
        *where: ColumnExpressionArgument[bool],
        options: Sequence[ExecutableOption] = (),
        include_deleted: bool = False,
    ) -> Model:
        """Return the entity with this primary key, or raise `NotFoundError` (404).

        Always asks the database: the session's memory of an entity knows neither the loader
        options of this call nor that somebody has deleted the row.

        ```python
        from fastgres.repository import Repository
        from shop.models import Product

        class ProductRepository(Repository[Product]): ...

        products = ProductRepository(session)
        mug = await products.add(Product(sku="MUG-7", name="Mug", price=9, stock=3))
        assert await products.get(mug.id) is mug
        ```
        """
        found = await self.find(key, *where, options=options, include_deleted=include_deleted)
        if found is None:
            raise self._not_found([key])
        return found

    async def find(
        self,
        key: Key,
        *where: ColumnExpressionArgument[bool],
        options: Sequence[ExecutableOption] = (),
        include_deleted: bool = False,
    ) -> Model | None:
        """Return the entity with this primary key, or None."""
        conditions = [*key_conditions(self.model, key), *where]
        statement = self._select(*conditions, options=options, include_deleted=include_deleted)
        try:
            found: Model | None = (await self.session.scalars(statement)).unique().one_or_none()
        except OutOfRangeError as error:
            raise naming(error, conditions, {}) from error.__cause__
        return found

    async def get_many(
        self,
        keys: Sequence[Key],
        *where: ColumnExpressionArgument[bool],
        skip_missing: bool = False,
        options: Sequence[ExecutableOption] = (),
        include_deleted: bool = False,
    ) -> builtins.list[Model]:
        """Return the entities with these primary keys, in the order of the keys.

        A missing one raises `NotFoundError` that names all missing ones, unless `skip_missing`.
        """
        if not keys:
            return []
        statement = self._select(
            keys_condition(self.model, keys),
            *where,
            options=options,
            include_deleted=include_deleted,
        )
        rows: Sequence[Model] = (await self.session.scalars(statement)).unique().all()
        found, missing = in_order_of(self.model, keys, rows)
        if missing and not skip_missing:
            raise self._not_found(missing)
        return found

    async def first_by(
        self,
        *where: ColumnExpressionArgument[bool],
        order_by: Sequence[ColumnExpressionArgument[Any]] = (),
        options: Sequence[ExecutableOption] = (),
        include_deleted: bool = False,
    ) -> Model | None:
        """Return the first entity that fulfils the conditions, or None.

        The first by `order_by` and then by primary key, so that the answer is always the same.
        """
        found = await self.list(
            *where, limit=1, order_by=order_by, options=options, include_deleted=include_deleted
        )
        return found[0] if found else None

    @overload
    async def list(
        self,
        shown: type[Shown],
        /,
        *where: ColumnExpressionArgument[bool],
        limit: int,
        order_by: Sequence[ColumnExpressionArgument[Any]] = (),
        **options: Unpack[ReadOptions],
    ) -> ReadResponse[builtins.list[Shown]]: ...

    @overload
    async def list(
        self,
        *where: ColumnExpressionArgument[bool],
        limit: int,
        order_by: Sequence[ColumnExpressionArgument[Any]] = (),
        options: Sequence[ExecutableOption] = (),
        include_deleted: bool = False,
    ) -> builtins.list[Model]: ...

    async def list(
        self,
        *where: Any,
        limit: int,
        order_by: Sequence[ColumnExpressionArgument[Any]] = (),
        **options: Any,
    ) -> Any:
        """Return at most `limit` entities, by `order_by` and then by primary key.

        With a response model in front the answer is a response, written by one statement. There
        is no call without a limit; to go through all rows take `stream`.

        ```python
        from fastgres.repository import Repository
        from shop.models import Product
        from shop.schemas.product import ProductRead

        class ProductRepository(Repository[Product]): ...

        products = ProductRepository(session)
        assert await products.list(Product.active, limit=10) == []
        response = await products.list(ProductRead, Product.active, limit=10)
        assert response.body == b"[]"
        ```
        """
        check_limit(limit)
        shown, where = response_model_in(where)
        if shown is not None:
            return await self._list_shown(shown, where, order_by, limit=limit, options=options)
        return await self._list_entities(where, order_by, limit=limit, **options)

    async def _list_entities(
        self, where: Sequence[Any], order_by: Sequence[Any], *, limit: int, **options: Any
    ) -> builtins.list[Model]:
        statement = self._select(*where, **options)
        statement = statement.order_by(*order_by, *self._key_order()).limit(limit)
        return builtins.list((await self.session.scalars(statement)).unique())

    async def exists(
        self, *where: ColumnExpressionArgument[bool], include_deleted: bool = False
    ) -> bool:
        """Tell whether a row fulfils the conditions, without loading it."""
        statement = self._select_keys(*where, include_deleted=include_deleted).limit(1)
        return (await self.session.execute(statement)).first() is not None

    async def count(
        self, *where: ColumnExpressionArgument[bool], include_deleted: bool = False
    ) -> int:
        """Count the rows that fulfil the conditions; reads all of them."""
        statement = self._select_keys(*where, include_deleted=include_deleted)
        return await count_exactly(self.session, statement)

    @overload
    def stream(
        self,
        shown: type[Shown],
        /,
        *where: ColumnExpressionArgument[bool],
        query: ListQuery | None = None,
        format: ExportFormat = "ndjson",
        **options: Unpack[ReadOptions],
    ) -> StreamingResponse: ...

    @overload
    def stream(
        self,
        *where: ColumnExpressionArgument[bool],
        order_by: Sequence[ColumnExpressionArgument[Any]] = (),
        options: Sequence[ExecutableOption] = (),
        include_deleted: bool = False,
    ) -> AsyncIterator[Model]: ...

    def stream(self, *where: Any, **how: Any) -> StreamingResponse | AsyncIterator[Model]:
        """Yield all entities that fulfil the conditions, a few hundred in memory at a time.

        Reads from a server-side cursor, which lives as long as the transaction. Load
        collections with `selectinload`; a `joinedload` of a collection cannot be cut into
        batches and is refused.

        With a response model in front it is a response that sends the rows as they are read, one
        JSON object a line or one array (`format="json"`), in the order and with the filters of a
        `query`, whose `size` and position do not count. Each thousand rows are a statement of
        their own, so that no transaction waits for a slow client.

        ```python
        from fastgres.repository import Repository
        from shop.models import Product
        from shop.schemas.product import ProductRead

        class ProductRepository(Repository[Product]): ...

        products = ProductRepository(session)
        async for product in products.stream(Product.stock == 0):
            print(product.sku)
        export = products.stream(ProductRead, Product.stock == 0)
        assert export.media_type == "application/x-ndjson"
        ```
        """
        shown, where = response_model_in(where)
        if shown is None:
            return self._stream_entities(where, **how)
        query, format_ = how.pop("query", None), how.pop("format", "ndjson")
        return self._stream_shown(shown, where, query, format=format_, options=how)

    async def _stream_entities(
        self,
        where: Sequence[Any],
        *,
        order_by: Sequence[ColumnExpressionArgument[Any]] = (),
        **options: Any,
    ) -> AsyncIterator[Model]:
        statement = self._select(*where, **options)
        ordered = statement.order_by(*order_by, *self._key_order())
        rows = await self.session.stream_scalars(ordered.execution_options(yield_per=_BATCH))
        try:
            async for entity in rows:
                yield entity
        finally:
            await rows.close()
