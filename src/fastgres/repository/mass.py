"""Changing and deleting many rows with one statement."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import True_, delete, update
from sqlalchemy.sql.base import Executable

from fastgres.errors import ConfigurationError
from fastgres.repository.entity import EntityAccess, Model
from fastgres.repository.writing import check_changes

if TYPE_CHECKING:
    from sqlalchemy import ColumnExpressionArgument, CursorResult


class MassWriting(EntityAccess[Model]):
    """The statements of a repository that change many rows and load none.

    Soft-deleted rows stay out, and so do those outside the scope, also with `all_rows`: it means
    all rows of the scope. Entities that the session holds are brought up to date.
    """

    async def update_where(
        self,
        *where: ColumnExpressionArgument[bool],
        values: Mapping[str, Any],
        all_rows: bool = False,
    ) -> int:
        """Set the columns of all rows that fulfil the conditions; return how many there were.

        A value may be an SQL expression (`{"stock": Product.stock + 1}`). Without a condition
        it is refused, unless `all_rows=True`.

        ```python
        from fastgres.repository import Repository
        from shop.models import Product

        class ProductRepository(Repository[Product]): ...

        products = ProductRepository(session)
        mug = await products.add(Product(sku="MUG-7", name="Mug", price=9, stock=0))
        await products.update_where(Product.stock == 0, values={"active": False})
        assert not mug.active
        ```
        """
        check_changes(self.model, values)
        self._scope.check_changes(values)
        _check_conditions(where, all_rows=all_rows)
        statement = update(self.model).where(*self._where(*where))
        return await self._affected(statement.values(dict(values)))

    async def delete_where(
        self, *where: ColumnExpressionArgument[bool], all_rows: bool = False
    ) -> int:
        """Delete all rows that fulfil the conditions; return how many there were.

        Real deletion, also of a class with `SoftDelete`. Cascades are the database's alone.
        Without a condition it is refused, unless `all_rows=True`.
        """
        _check_conditions(where, all_rows=all_rows)
        return await self._affected(delete(self.model).where(*self._where(*where)))

    async def _affected(self, statement: Executable) -> int:
        result: CursorResult[Any] = await self.session.execute(statement)  # type: ignore[assignment]  # DML gives a CursorResult
        return result.rowcount


def _check_conditions(where: tuple[Any, ...], *, all_rows: bool) -> None:
    """Refuse a statement on all rows that nobody asked for by name.

    `Product.sku is None`, say, is Python's comparison: it is False, or a condition on nothing.
    """
    if any(isinstance(condition, bool) for condition in where):
        raise ConfigurationError(
            f"A condition is {next(each for each in where if isinstance(each, bool))!r}, which "
            "Python has compared and not the database. Compare with `==`, `.is_(None)`, `.in_()`."
        )
    conditions = [condition for condition in where if not isinstance(condition, True_)]
    if not conditions and not all_rows:
        raise ConfigurationError(
            "The statement has no condition and would change every row of the table. "
            "Pass conditions, or `all_rows=True` if every row is meant."
        )
