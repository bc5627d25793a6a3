"""The sample data: a shop after a year of business."""

import asyncio
from collections.abc import Callable, Iterator

from sqlalchemy.ext.asyncio import AsyncConnection

from fastgres.db import Database
from shop import sql

CUSTOMERS = 1_000
PRODUCTS = 2_000
ORDERS = 100_000
BATCH = 5_000
PAUSE = 0.2
"""Seconds between two looks at whether another process has finished seeding."""

Report = Callable[[str, int, int], None]
"""Called with a stage, how many of its rows are done, and how many it has."""


async def seed(database: Database, report: Report) -> None:
    """Fill an empty shop with 1,000 customers, 2,000 products and 100,000 orders.

    All of it is one transaction: a seed that is killed leaves nothing behind, and a shop that
    has any row is left alone. The orders have 300,000 lines; the stock is what they left over.
    """
    async with database.session() as session, session.begin():
        connection = await session.connection()
        if await _is_empty(connection):
            await _fill(connection, report)


async def _is_empty(connection: AsyncConnection) -> bool:
    await connection.exec_driver_sql(sql.LIFT_TIMEOUTS)
    while not (await connection.exec_driver_sql(sql.TRY_LOCK)).scalar_one():  # noqa: ASYNC110 - held by another process
        await asyncio.sleep(PAUSE)
    return bool((await connection.exec_driver_sql(sql.IS_EMPTY)).scalar_one())


async def _fill(connection: AsyncConnection, report: Report) -> None:
    for function in (sql.DICE, sql.UUID7, sql.PICK):
        await connection.exec_driver_sql(function)
    await connection.exec_driver_sql(sql.CUSTOMERS, (1, CUSTOMERS))
    report("customers", CUSTOMERS, CUSTOMERS)
    await connection.exec_driver_sql(sql.PRODUCTS, (1, PRODUCTS))
    report("products", PRODUCTS, PRODUCTS)
    for first, last in _batches(ORDERS):
        await connection.exec_driver_sql(sql.ORDERS, (first, last, PRODUCTS, ORDERS, CUSTOMERS))
        report("orders", last, ORDERS)
    await connection.exec_driver_sql(sql.FORGET)
    await connection.exec_driver_sql(sql.ANALYZE)


def _batches(total: int) -> Iterator[tuple[int, int]]:
    for first in range(1, total + 1, BATCH):
        yield first, min(first + BATCH - 1, total)
