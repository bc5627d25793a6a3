"""Fills a new database with a sample: tables from the models, rows by COPY, then statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.schema import CreateSchema

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import MetaData, Table
    from sqlalchemy.ext.asyncio import AsyncConnection

    Rows = list[tuple[Any, ...]]


async def load(url: str, metadata: MetaData, rows: Iterable[tuple[Table, Rows]]) -> None:
    """Create the tables of `metadata` and copy the rows into them, in one transaction."""
    engine = create_async_engine(url)
    try:
        async with engine.begin() as connection:
            if metadata.schema:
                await connection.execute(CreateSchema(metadata.schema))
            await connection.run_sync(metadata.create_all)
            for table, records in rows:
                await _copy(connection, table, records)
            await connection.execute(text("ANALYZE"))
    finally:
        await engine.dispose()


async def _copy(connection: AsyncConnection, table: Table, records: Rows) -> None:
    # Fewer values than columns: a trigger fills in the last one.
    columns = [column.name for column in table.columns][: len(records[0])]
    driver: Any = (await connection.get_raw_connection()).driver_connection
    await driver.copy_records_to_table(
        table.name,
        schema_name=table.schema,
        columns=columns,
        records=records,
    )
