"""One SELECT beside SQLAlchemy: the pool, dead connections, cancelled tasks, and who listens."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event, select, text

from fastgres.db import Database, fetch_row
from fastgres.errors import (
    InvalidTextError,
    PoolExhaustedError,
    ServerUnavailableError,
    StatementTimeoutError,
)
from tests.models import Counter

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from fastgres.db import Session
    from fastgres.settings import Settings

pytestmark = pytest.mark.clone

PID = "SELECT pg_backend_pid()"


async def value(source: Any, sql: str, *arguments: object) -> Any:
    """Return the first column of the first row."""
    row = await fetch_row(source, sql, arguments)
    return None if row is None else row[0]


@pytest.fixture
async def one(database_url: str, settings: Settings) -> AsyncIterator[Database]:
    """A database with a pool of one connection."""
    alone = settings.model_copy(update={"database_pool_size": 1, "database_pool_timeout": 0.3})
    database = Database(database_url, alone)
    yield database
    assert database.pool_status().lent == 0
    await database.close()


async def test_reads_outside_a_transaction(database: Database) -> None:
    assert await value(database.engine, "SELECT $1::int + 1", 41) == 42
    assert await value(database.engine, "SELECT 1 WHERE false") is None
    async with database.session() as session:
        assert await value(session, "SELECT $1::text", "ä") == "ä"
        assert not session.in_transaction()
    assert database.pool_status().lent == 0


async def test_sees_the_writes_of_its_session(database: Database) -> None:
    count = "SELECT count(*) FROM counters"
    async with database.session() as session:
        session.add(Counter(id=1))
        assert await value(session, count) == 1
        assert await value(database.engine, count) == 0


async def test_a_killed_idle_connection_is_replaced(one: Database, database: Database) -> None:
    pid = await value(one.engine, PID)
    assert await value(one.engine, PID) == pid
    await value(database.engine, "SELECT pg_terminate_backend($1)", pid)
    assert await value(one.engine, PID) != pid
