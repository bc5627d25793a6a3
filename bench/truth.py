"""The right answers, put together from plain rows; and what a write has to have left in them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import asyncpg

from bench import sql
from bench.answers import difference, normal
from bench.errors import BenchError
from bench.sample import DEPTH, SIZE, STATUS, TOTAL_MIN, Sample

Row = dict[str, Any]
_GRAIN: Final = dt.timedelta(milliseconds=1)
"""What a JavaScript Date leaves out."""


@dataclass(frozen=True, slots=True)
class Truth:
    """One write: what was asked for as it has to be answered, what is stored, and the rows added.

    Keys and times are those of the row, since the contestant or the server chose them.
    """

    asked: Row
    stored: Row
    counts: Mapping[str, int]

    def wrong(self, answer: Any) -> str | None:
        """Say where the table, then where the answer differs from what was asked for."""
        stored = difference(normal(self.stored), normal(self.asked))
        if stored:
            return f"in the table, {stored}"
        right = {name: value for name, value in self.asked.items() if name not in _UNANSWERED}
        if isinstance(answer, dict):
            answer = {**answer, "created_at": self._moment(answer.get("created_at"))}
        return difference(answer, normal(right))

    def _moment(self, answered: object) -> object:
        known = self.asked["created_at"]
        near = isinstance(answered, dt.datetime) and answered.tzinfo is not None
        return known if near and abs(answered - known) < _GRAIN else answered


_UNANSWERED: Final = {"phone", "sold"}


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


async def written(
    connection: asyncpg.Connection[Any], endpoint: str, body: Mapping[str, Any]
) -> Truth:
    """Return the truth about the only row that was added; raise when there is none, or more."""
    counts = dict(await connection.fetchrow(sql.COUNTS) or {})
    added = counts["customers"] + counts["orders"]
    if added != 1:
        raise BenchError(f"One request to {endpoint!r} has added {added} rows: {counts}.")
    write = _customer if endpoint == "create" else _placed
    asked, stored = await write(connection, body)
    return Truth(asked, stored, counts)


async def _customer(
    connection: asyncpg.Connection[Any], body: Mapping[str, Any]
) -> tuple[Row, Row]:
    stored = dict(await connection.fetchrow(sql.NEW_CUSTOMER) or {})
    return {**body, "id": stored.get("id"), "created_at": stored.get("created_at")}, stored


async def _placed(connection: asyncpg.Connection[Any], body: Mapping[str, Any]) -> tuple[Row, Row]:
    """The pieces that are gone from the stock belong to the order, though nobody is told."""
    stored = (await _nested(connection, await connection.fetch(sql.NEW_ORDER)))[0]
    buyer = (await connection.fetch(sql.BUYERS, [UUID(body["customer_id"])]))[0]
    products = {row["id"]: row for row in await connection.fetch(sql.PRODUCTS)}
    items = [
        {
            "id": made["id"],
            "product": products[UUID(line["product_id"])]["name"],
            "quantity": line["quantity"],
            "unit_price": products[UUID(line["product_id"])]["price"],
        }
        for made, line in zip(stored["items"], body["items"], strict=False)
    ]
    asked = {
        "id": stored["id"],
        "status": "pending",
        "total": sum(item["unit_price"] * item["quantity"] for item in items),
        "note": body["note"],
        "created_at": stored["created_at"],
        "customer": dict(buyer),
        "items": items,
        "sold": {line["product_id"]: line["quantity"] for line in body["items"]},
    }
    sold = {str(row["id"]): row["pieces"] for row in await connection.fetch(sql.SOLD)}
    return asked, {**stored, "sold": sold}
