"""What the tests of single SELECTs share: small pools, and a look at the server."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest
from pytest_asyncio import fixture as async_fixture
from sqlalchemy import QueuePool
from sqlalchemy.ext.asyncio import create_async_engine

from fastgres.db import Database, dsn, fetch_row

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from sqlalchemy.ext.asyncio import AsyncEngine

    from fastgres.settings import Settings

PID = "SELECT pg_backend_pid()"

SLEEP = "SELECT pg_sleep(30)"
SLEEPERS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND pid <> pg_backend_pid() AND state = 'active' AND query LIKE '%pg_sleep(30)%'"
)
BACKENDS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
)

_KILL = "SELECT pg_terminate_backend($1::int, 5000)"


async def value(source: Any, sql: str, *arguments: object) -> Any:
    """Return the first column of the first row."""
    row = await fetch_row(source, sql, arguments)
    return None if row is None else row[0]


def lent(engine: AsyncEngine) -> int:
    """Tell how many connections of an engine are lent out."""
    pool = engine.sync_engine.pool
    assert isinstance(pool, QueuePool)
    return pool.checkedout()


async def until(database: Database, sql: str, expected: int) -> None:
    """Wait until the server says so."""
    async with asyncio.timeout(10):
        while await value(database.engine, sql) != expected:
            pass


async def begin(database: Database, engine: AsyncEngine) -> asyncio.Task[Any]:
    """Start a long SELECT and return when the server is at it."""
    await value(engine, "SELECT 1")
    task = asyncio.create_task(value(engine, SLEEP))
    await until(database, SLEEPERS, 1)
    return task


@asynccontextmanager
async def foreign_engine(url: str, **options: Any) -> AsyncIterator[AsyncEngine]:
    """An engine as any application makes it: no ping, the oldest connection first."""
    engine = create_async_engine(url.replace("postgresql:", "postgresql+asyncpg:"), **options)
    try:
        yield engine
    finally:
        await engine.dispose()


@asynccontextmanager
async def small_pool(url: str, settings: Settings, **changes: Any) -> AsyncIterator[Database]:
    """A database with a pool of one connection, and other settings changed."""
    changed = {"database_pool_size": 1, "database_pool_timeout": 0.3} | changes
    database = Database(url, settings.model_copy(update=changed))
    try:
        yield database
        assert database.pool_status().lent == 0
    finally:
        await database.close()


@async_fixture
async def one(database_url: str, settings: Settings) -> AsyncIterator[Database]:
    """A database with a pool of one connection."""
    async with small_pool(database_url, settings) as database:
        yield database


@pytest.fixture
def kill(database_url: str) -> Callable[[int], None]:
    """Kill a backend while the loop of the test stands still and notices nothing."""

    async def killed(pid: int) -> None:
        connection = await asyncpg.connect(dsn(database_url))
        await connection.fetchval(_KILL, pid)
        await connection.close()

    def run(pid: int) -> None:
        with ThreadPoolExecutor() as threads:
            threads.submit(lambda: asyncio.run(killed(pid))).result()

    return run
