"""Writing many rows that nobody tracks: by INSERT when few, by COPY when many."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

import asyncpg
from sqlalchemy import insert

from fastgres.db import Constraints, translate
from fastgres.errors import InvalidTextError, OutOfRangeError
from fastgres.repository.columns import mapper_of
from fastgres.repository.entity import EntityAccess, Model
from fastgres.repository.records import Row, batches, by_columns, can_be_copied, records

if TYPE_CHECKING:
    from collections.abc import Sequence

_BATCH: Final = 10_000
_COPY_FROM: Final = 500
"""Rows of one shape from which COPY is the faster way."""
_NOT_ENCODED: Final = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What asyncpg's encoders raise for a value that the column's type cannot hold.

For an INSERT it makes a `DataError` (SQLSTATE 22000) of them, for COPY it lets them through.
"""


class BulkWriting(EntityAccess[Model]):
    """Inserts of many rows."""

    async def add_many(self, rows: Iterable[Row]) -> int:
        """Insert the rows, given as mappings of column names to values; return their number.

        No entity is made of them and the session does not know them. Defaults apply as for
        `add`: those made by Python and, where a row leaves a column out, those of the server.
        Rows may name different columns; None is written as NULL. From 500 rows on COPY writes
        them, in batches of 10,000, inside the session's transaction: a generator of any length
        needs little memory. Raises the same typed errors as `add`; the scope is filled in as there.

        ```python
        from fastgres.repository import Repository
        from shop.models import Product

        class ProductRepository(Repository[Product]): ...

        rows = ({"sku": f"PIN-{n}", "name": "Pin", "price": 1, "stock": n} for n in range(2_000))
        assert await ProductRepository(session).add_many(rows) == 2_000
        ```
        """
        await self.session.flush()
        written = 0
        for batch in batches(map(self._scope.filled, rows) if self._scope else rows, _BATCH):
            for group in by_columns(self.model, batch):
                await self._write(group)
            written += len(batch)
        return written

    async def _write(self, rows: Sequence[Row]) -> None:
        if len(rows) < _COPY_FROM or not can_be_copied(self.model, rows):
            await self._insert(rows)
            return
        # The first row begins the transaction, which COPY on the driver's connection would not,
        # and lets the session remember that it has written.
        await self._insert(rows[:1])
        await self._copy(rows[1:])

    async def _insert(self, rows: Sequence[Row]) -> None:
        statement = insert(self.model).execution_options(render_nulls=True)
        await self.session.execute(statement, [dict(row) for row in rows])

    async def _copy(self, rows: Sequence[Row]) -> None:
        connection = await self.session.connection()
        pooled = await connection.get_raw_connection()
        driver: asyncpg.Connection[Any] = pooled.driver_connection  # type: ignore[assignment]  # a pooled connection in use has one
        table: Any = mapper_of(self.model).local_table
        columns, tuples = records(self.model, rows, connection.dialect)
        ready = list(tuples)  # so that what fails from here on is the driver's doing
        try:
            await driver.copy_records_to_table(
                table.name, schema_name=table.schema, columns=columns, records=ready
            )
        except _NOT_ENCODED as error:
            kind = InvalidTextError if isinstance(error, UnicodeError) else OutOfRangeError
            raise kind from error
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            raise translate(error, constraints=Constraints(table.metadata)) or error from error
