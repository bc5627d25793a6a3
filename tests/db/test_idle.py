"""The idle connections of a pool: lent, counted, replaced when dead, safe after a cancellation."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import AsyncAdaptedQueuePool, select, text
from sqlalchemy.ext.asyncio import create_async_engine

from fastgres.db import Database, fetch_row
from fastgres.db.idle import lender_of
from fastgres.errors import (
    PoolExhaustedError,
    ServerUnavailableError,
)
from tests.db.conftest import (
    BACKENDS,
    PID,
    begin,
    foreign_engine,
    lent,
    small_pool,
    until,
    value,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastgres.settings import Settings

pytestmark = pytest.mark.clone


class TestNames:
    async def test_sqlalchemy_still_has_all_that_is_used(self) -> None:
        """Fails when a release moves what is not public; reads then only get slower."""
        engine = create_async_engine("postgresql+asyncpg://nobody@localhost/nothing")
        assert lender_of(engine.sync_engine.pool) is not None

    async def test_a_pool_that_is_not_known_is_read_the_public_way(self, database_url: str) -> None:
        class Different(AsyncAdaptedQueuePool):
            pass

        async with foreign_engine(database_url, poolclass=Different) as engine:
            assert lender_of(engine.sync_engine.pool) is None
            assert await value(engine, "SELECT 1") == 1
            assert lent(engine) == 0


class TestCounting:
    async def test_a_running_select_is_lent(self, database: Database) -> None:
        await value(database.engine, "SELECT 1")
        running = asyncio.create_task(value(database.engine, "SELECT pg_sleep(0.2)"))
        await asyncio.sleep(0.05)
        assert database.pool_status().lent == 1
        await running
        assert database.pool_status().lent == 0

    async def test_no_more_connections_than_the_pool_may_hold(self, database: Database) -> None:
        limit = database.pool_status().limit
        await asyncio.gather(
            *(value(database.engine, "SELECT pg_sleep(0.01)") for _ in range(3 * limit))
        )
        status = database.pool_status()
        assert (status.open, status.lent) == (limit, 0)

    async def test_an_overflowing_connection_is_closed(
        self, database: Database, database_url: str
    ) -> None:
        async with foreign_engine(database_url, pool_size=1, max_overflow=1) as engine:
            first, second = engine.connect(), engine.connect()
            await first.start()
            await second.start()
            await first.close()
            running = asyncio.create_task(value(engine, "SELECT pg_sleep(0.1)"))
            await asyncio.sleep(0.02)
            await second.close()
            await running
            assert lent(engine) == 0
            await until(database, BACKENDS, 1)

    async def test_a_transaction_left_open_by_sql_is_not_handed_on(self, one: Database) -> None:
        pid = await value(one.engine, PID)
        await fetch_row(one.engine, "BEGIN", [])
        assert await value(one.engine, PID) != pid


class TestWaiting:
    async def test_an_exhausted_pool_is_503(self, one: Database) -> None:
        async with one.session() as session:
            await session.scalar(select(1))
            with pytest.raises(PoolExhaustedError) as raised:
                await fetch_row(one.engine, "SELECT 1", [])
        assert raised.value.status == 503
        assert await value(one.engine, "SELECT 1") == 1

    async def test_takes_what_a_session_gives_back(self, one: Database) -> None:
        async with one.session() as session:
            await session.scalar(select(1))
            waiting = asyncio.create_task(value(one.engine, "SELECT 1"))
            await asyncio.sleep(0.01)
            assert not waiting.done()
        assert await waiting == 1

    @pytest.mark.parametrize("patient", ["session", "reader"])
    async def test_nobody_snatches_from_who_waits(self, one: Database, patient: str) -> None:
        """A loop of reads would be at it again before the other has even woken up."""
        await value(one.engine, "SELECT 1")
        turns = 0
        running, over = asyncio.Event(), asyncio.Event()

        async def greedy() -> None:
            nonlocal turns
            while not over.is_set():
                await value(one.engine, "SELECT 1")
                turns += 1
                running.set()

        reading = asyncio.create_task(greedy())
        await running.wait()
        before = turns
        if patient == "reader":
            await value(one.engine, "SELECT 2")
        else:
            async with one.session() as session:
                await session.scalar(select(1))
        over.set()
        await reading
        assert turns - before <= 3

    async def test_who_gives_up_waiting_takes_nothing_along(self, one: Database) -> None:
        async with one.session() as session:
            await session.scalar(select(1))
            waiting = asyncio.create_task(value(one.engine, "SELECT 1"))
            await asyncio.sleep(0.01)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
        assert await value(one.engine, "SELECT 1") == 1

    async def test_who_leaves_when_its_turn_has_come_passes_it_on(self, one: Database) -> None:
        await value(one.engine, "SELECT 1")
        engine = one.engine.sync_engine
        lender = lender_of(engine.pool)
        assert lender is not None
        loan = lender.lend(engine)
        assert loan is not None
        first, second = (asyncio.create_task(value(one.engine, "SELECT 2")) for _ in range(2))
        await asyncio.sleep(0)
        loan.give_back()
        first.cancel()
        assert await second == 2
        assert first.cancelled()


class TestAge:
    async def test_a_connection_too_old_is_replaced(self, database_url: str) -> None:
        async with foreign_engine(database_url, pool_size=1, pool_recycle=0) as engine:
            assert await value(engine, PID) != await value(engine, PID)

    async def test_a_pool_that_was_invalidated_is_replaced(
        self, database: Database, kill: Callable[[int], None]
    ) -> None:
        async with database.session() as first, database.session() as second:
            victim = await first.scalar(text(PID))
            other = await second.scalar(text(PID))
            kill(victim)
            with pytest.raises(ServerUnavailableError):
                await first.scalar(select(1))
        assert await value(database.engine, PID) not in {victim, other}

    async def test_a_pool_disposed_of_meanwhile_keeps_nothing_open(
        self, one: Database, database: Database
    ) -> None:
        await value(one.engine, "SELECT 1")
        running = asyncio.create_task(value(one.engine, "SELECT pg_sleep(0.1), 1"))
        await asyncio.sleep(0.02)
        await one.engine.dispose()
        await running
        assert one.pool_status().lent == 0
        await until(database, BACKENDS, 0)

    async def test_who_waited_for_a_pool_disposed_of_leaves_nothing_open(
        self, one: Database, database: Database
    ) -> None:
        async with one.session() as session:
            await session.scalar(select(1))
            waiting = asyncio.create_task(value(one.engine, "SELECT 1"))
            await asyncio.sleep(0)
            await one.engine.dispose()
        assert await waiting == 1
        assert one.pool_status().lent == 0
        await until(database, BACKENDS, 0)

    async def test_a_closed_database_is_not_opened_again(
        self, database: Database, database_url: str, settings: Settings
    ) -> None:
        async with small_pool(database_url, settings, database_statement_timeout=1) as closing:
            running = await begin(database, closing.engine)
            await closing.close()
            with pytest.raises(ServerUnavailableError):
                await running
            await until(database, BACKENDS, 0)
