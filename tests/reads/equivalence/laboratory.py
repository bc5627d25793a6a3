"""The database of the examples, and one loop for all of them.

Each example works in a transaction that is rolled back, tables of its own included, so that the
examples do not see each other.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from tests.reads.equivalence import harbour
from tests.reads.equivalence.cargo import Row, Rows
from tests.reads.equivalence.values import Raw

T = TypeVar("T")


class Laboratory:
    """An engine on an empty database, in which the fixed tables are made."""

    def __init__(self, url: str) -> None:
        self._runner = asyncio.Runner()
        self.engine: AsyncEngine = create_async_engine(
            url.replace("postgresql://", "postgresql+asyncpg://"), pool_size=2, max_overflow=0
        )
        self.run(self._make_tables())

    def run(self, work: Any) -> Any:
        """Run a coroutine to its end."""
        return self._runner.run(work)

    async def _make_tables(self) -> None:
        async with self.engine.begin() as connection:
            await connection.execute(sa.text("CREATE EXTENSION citext"))
            await connection.execute(sa.schema.CreateSchema(harbour.CUSTOMS))
            await connection.run_sync(harbour.metadata.create_all)

    @asynccontextmanager
    async def scratch(self) -> AsyncIterator[AsyncConnection]:
        """Yield a connection in a transaction that is rolled back."""
        async with self.engine.connect() as connection:
            transaction = await connection.begin()
            try:
                yield connection
            finally:
                await transaction.rollback()

    @asynccontextmanager
    async def committed(self, rows: Rows) -> AsyncIterator[AsyncEngine]:
        """Yield the engine with rows that everybody sees; all tables are empty afterwards."""
        tables = ", ".join(map(self._quoted, harbour.metadata.sorted_tables))
        async with self.engine.begin() as connection:
            await insert(connection, rows)
        try:
            yield self.engine
        finally:
            async with self.engine.begin() as connection:
                await connection.execute(sa.text(f"TRUNCATE {tables}"))

    def _quoted(self, table: sa.Table) -> str:
        name: str = self.engine.dialect.identifier_preparer.format_table(table)
        return name

    def close(self) -> None:
        """Close the engine and the loop."""
        self.run(self.engine.dispose())
        self._runner.close()


async def insert(connection: AsyncConnection, rows: Rows) -> None:
    """Write rows, those of one table at once unless one holds SQL.

    They are written in neither order of their keys, so that no order comes by itself.
    """
    for table, ordered in rows:
        some = [*ordered[1::2], *ordered[::2]]
        if any(isinstance(value, Raw) for row in some for value in row.values()):
            for row in some:
                await connection.execute(table.insert().values(_with_sql(row)))
        elif some:
            await connection.execute(table.insert(), some)


def _with_sql(row: Row) -> Row:
    return {
        name: sa.literal_column(value.sql) if isinstance(value, Raw) else value
        for name, value in row.items()
    }
