"""What is asked for: the endpoints, and which rows."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import asyncpg

from bench import sql

READS: Final = ("flat", "nested", "page", "deep", "search")
WRITES: Final = ("create", "order")
ENDPOINTS: Final = (*READS, *WRITES)
DEPTH: Final = 100_000
SIZE: Final = 50
STATUS: Final = "paid"
TOTAL_MIN: Final = 100
_KEYS: Final = 500


@dataclass(frozen=True, slots=True)
class Position:
    """One order's place in the list of the newest."""

    created_at: dt.datetime
    id: UUID


@dataclass(frozen=True, slots=True)
class Sample:
    """The keys that are asked for in turn, and the orders on both sides of the depth."""

    customers: tuple[UUID, ...]
    orders: tuple[UUID, ...]
    products: tuple[UUID, ...]
    before_depth: Position
    at_depth: Position


async def take_sample(connection: asyncpg.Connection[Any]) -> Sample:
    """Choose the rows: the same ones in every run, spread over the tables."""
    before, at = await connection.fetch(sql.AROUND_DEPTH, DEPTH)
    return Sample(
        customers=tuple(row["id"] for row in await connection.fetch(sql.CUSTOMERS, _KEYS)),
        orders=tuple(row["id"] for row in await connection.fetch(sql.ORDERS, _KEYS)),
        products=tuple(row["id"] for row in await connection.fetch(sql.PRODUCTS)),
        before_depth=Position(before["created_at"], before["id"]),
        at_depth=Position(at["created_at"], at["id"]),
    )
