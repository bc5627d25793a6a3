"""The right answers, put together from plain rows."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import asyncpg

from bench import sql
from bench.sample import DEPTH, SIZE, STATUS, TOTAL_MIN, Sample

Row = dict[str, Any]


async def right_answers(connection: asyncpg.Connection[Any], sample: Sample) -> dict[str, Any]:
    """Return what the first path of each endpoint has to answer."""
    customer = await connection.fetchrow(sql.CUSTOMER, sample.customers[0])
    order = await connection.fetch(sql.ORDER, sample.orders[0])
    newest = await connection.fetch(sql.NEWEST, SIZE, 0)
    deep = await connection.fetch(sql.NEWEST, SIZE, DEPTH)
    found = await connection.fetch(sql.FOUND, SIZE, STATUS, TOTAL_MIN)
    return {
        "flat": dict(customer or {}),
        "nested": (await _nested(connection, order))[0],
        "page": await _nested(connection, newest),
        "deep": await _nested(connection, deep),
        "search": await _nested(connection, found),
    }


async def _nested(connection: asyncpg.Connection[Any], rows: list[Any]) -> list[Row]:
    buyers = await connection.fetch(sql.BUYERS, [row["customer_id"] for row in rows])
    by_key = {row["id"]: dict(row) for row in buyers}
    items: dict[UUID, list[Row]] = {}
    for row in await connection.fetch(sql.ITEMS, [row["id"] for row in rows]):
        item = dict(row)
        items.setdefault(item.pop("order_id"), []).append(item)
    return [_order(dict(row), by_key, items) for row in rows]


def _order(row: Row, buyers: dict[UUID, Row], items: dict[UUID, list[Row]]) -> Row:
    buyer = buyers[row.pop("customer_id")]
    return {**row, "customer": buyer, "items": items[row["id"]]}
