"""Where queues keep their jobs: how many of them are not finished."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

import asyncpg
from redis.asyncio import Redis

from bench.jobs import sql
from bench.jobs.roster import Contestant


class Store(Protocol):
    """Counts unfinished jobs."""

    async def mark(self) -> None:
        """Count only those that are enqueued from now on, where that is cheaper."""

    async def left(self) -> int:
        """Return how many are not finished."""


class PostgresStore:
    """The tables of one queue."""

    def __init__(self, connection: asyncpg.Connection, contestant: Contestant) -> None:
        self._connection = connection
        self._contestant = contestant
        self._last = 0

    async def mark(self) -> None:
        """Remember the number of the last job."""
        if self._contestant.sequence:
            asked = sql.LAST_NUMBER.format(sequence=self._contestant.sequence)
            self._last = await self._connection.fetchval(asked)

    async def left(self) -> int:
        """Count rows."""
        numbered = [self._last] if self._contestant.sequence else []
        left: int = await self._connection.fetchval(self._contestant.remaining, *numbered)
        return left


class RedisStore:
    """The keys of one queue."""

    def __init__(self, client: Redis, contestant: Contestant) -> None:
        self._client = client
        self._contestant = contestant

    async def mark(self) -> None:
        """Count all: it is a length."""

    async def left(self) -> int:
        """Add up the lengths; a key that is not there has none."""
        return sum([await getattr(self._client, how)(key) for how, key in self._contestant.lengths])


@asynccontextmanager
async def opened(contestant: Contestant, url: str, redis_url: str) -> AsyncIterator[Store]:
    """Look at the store of a queue for as long as the block."""
    if contestant.store == "redis":
        async with Redis.from_url(redis_url) as client:
            yield RedisStore(client, contestant)
        return
    connection = await asyncpg.connect(url)
    try:
        yield PostgresStore(connection, contestant)
    finally:
        connection.terminate()
