"""Entities locked until the transaction ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from fastgres.repository.columns import key_conditions
from fastgres.repository.entity import EntityAccess, Key, Model
from fastgres.repository.keys import in_order_of, keys_condition

if TYPE_CHECKING:
    from sqlalchemy import ColumnExpressionArgument, Select
    from sqlalchemy.sql.base import ExecutableOption

Locked = Literal["wait", "nowait", "skip"]
"""What to do about a row that another transaction holds.

`wait` for it, at most `database_lock_timeout`; `nowait`: fail at once; `skip` it.
"""


class Locking(EntityAccess[Model]):
    """The locking reads of a repository, to be called inside a unit of work.

    They lock FOR NO KEY UPDATE: others can read the row and refer to it, and not change it.
    Rows are locked in the order of their primary keys, so that two callers cannot block each
    other. What the session already held of a row is replaced by what the row says now.
    Soft-deleted rows are not there, unless `include_deleted`.
    """

    async def get_for_update(
        self,
        key: Key,
        *where: ColumnExpressionArgument[bool],
        locked: Literal["wait", "nowait"] = "wait",
        options: Sequence[ExecutableOption] = (),
        include_deleted: bool = False,
    ) -> Model:
        """Lock the row with this primary key and return it, or raise `NotFoundError` (404).

        Raises `RowLockedError` (409) when another transaction keeps holding the row.

        ```python
        from fastgres.repository import Repository
        from shop.models import Product

        class ProductRepository(Repository[Product]): ...

        products = ProductRepository(session)
        mug = await products.add(Product(sku="MUG-7", name="Mug", price=9, stock=3))
        async with session.begin():
            product = await products.get_for_update(mug.id)
            product.stock -= 1
        ```
        """
        conditions = key_conditions(self.model, key)
        selected = self._select(
            *conditions, *where, options=options, include_deleted=include_deleted
        )
        statement = self._locking(selected, locked)
        found: Model | None = (await self.session.scalars(statement)).unique().one_or_none()
        if found is None:
            raise self._not_found([key])
        return found

    async def get_many_for_update(
        self,
        keys: Sequence[Key],
        *where: ColumnExpressionArgument[bool],
        locked: Locked = "wait",
        skip_missing: bool = False,
        options: Sequence[ExecutableOption] = (),
        include_deleted: bool = False,
    ) -> list[Model]:
        """Lock the rows with these primary keys and return them, in the order of the keys.

        A missing one raises `NotFoundError`, unless `skip_missing`. With `locked="skip"` a row
        that another transaction holds is left out, like one that is missing.
        """
        if not keys:
            return []
        selected = self._select(
            keys_condition(self.model, keys),
            *where,
            options=options,
            include_deleted=include_deleted,
        )
        locking = self._locking(selected, locked)
        rows: Sequence[Model] = (await self.session.scalars(locking)).unique().all()
        found, missing = in_order_of(self.model, keys, rows)
        if missing and not skip_missing and locked != "skip":
            raise self._not_found(missing)
        return found

    async def list_for_update(
        self,
        *where: ColumnExpressionArgument[bool],
        limit: int,
        locked: Locked = "skip",
        options: Sequence[ExecutableOption] = (),
        include_deleted: bool = False,
    ) -> list[Model]:
        """Lock at most `limit` rows that fulfil the conditions and return them, by primary key.

        Skips locked rows by default, so that several workers each get rows of their own.
        """
        selected = self._select(*where, options=options, include_deleted=include_deleted)
        statement = self._locking(selected, locked).limit(limit)
        return list((await self.session.scalars(statement)).unique())

    def _locking(self, statement: Select[Any], locked: Locked) -> Select[Any]:
        return (
            statement.order_by(*self._key_order())
            .with_for_update(
                of=self.model,
                key_share=True,
                nowait=locked == "nowait",
                skip_locked=locked == "skip",
            )
            .execution_options(populate_existing=True)
        )
