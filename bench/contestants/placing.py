"""Writing by hand over an asyncpg pool: what Starlette and bare ASGI share."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import asyncpg

from bench.contestants import sql


class OutOfStockError(Exception):
    """There are fewer pieces than were asked for, or there is no such product."""


async def create(pool: asyncpg.Pool[Any], body: bytes) -> str:
    """Add a customer and return its JSON; a body that is none raises ValueError or KeyError."""
    asked = json.loads(body)
    values = [asked["email"], asked["name"], asked["city"], asked.get("phone")]
    created: str = await pool.fetchval(sql.CREATE, *values)
    return created


async def place(pool: asyncpg.Pool[Any], body: bytes) -> str | None:
    """Place an order and return its JSON; None when there is no such customer."""
    asked = json.loads(body)
    products = [UUID(line["product_id"]) for line in asked["items"]]
    pieces = [int(line["quantity"]) for line in asked["items"]]
    if min(pieces) < 1:
        raise ValueError("a line has at least one piece")
    async with pool.acquire() as connection, connection.transaction():
        stock = {row["id"]: row["stock"] for row in await connection.fetch(sql.LOCK, products)}
        if any(stock.get(key, 0) < wanted for key, wanted in zip(products, pieces, strict=True)):
            raise OutOfStockError
        await connection.execute(sql.TAKE, products, pieces)
        placed: str | None = await connection.fetchval(
            sql.PLACE, UUID(asked["customer_id"]), asked.get("note"), products, pieces
        )
        return placed
