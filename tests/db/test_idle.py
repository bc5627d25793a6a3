"""The idle connections of a pool: lent, counted, replaced when dead, safe after a cancellation."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import AsyncAdaptedQueuePool, select, text
from sqlalchemy.ext.asyncio import create_async_engine

from fastgres.db import Database, fetch_row
from fastgres.db.idle import lender_of
from fastgres.embedded import acquire
from fastgres.errors import (
    PoolExhaustedError,
    ServerUnavailableError,
    StatementTimeoutError,
    UnavailableError,
)
from tests.db.conftest import PID, foreign_engine, lent, small_pool, value
from tests.models import Counter
from tests.relay import Relay

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncEngine

    from fastgres.settings import Settings

pytestmark = pytest.mark.clone

SLEEP = "SELECT pg_sleep(30)"
SLEEPERS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND pid <> pg_backend_pid() AND state = 'active' AND query LIKE '%pg_sleep(30)%'"
)
BACKENDS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
)


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


class TestDeath:
    @pytest.mark.parametrize("watched", [False, True])
    async def test_of_all_idle_connections_is_not_seen(
        self,
        database_url: str,
        kill: Callable[[int], None],
        *,
        watched: bool,
    ) -> None:
        """Also with a pool that neither pings nor takes the youngest connection first."""
        async with foreign_engine(database_url, pool_size=3, echo=watched) as engine:
            connections = [engine.connect() for _ in range(3)]
            for connection in connections:
                await connection.start()
            pids = [await value(connection, PID) for connection in connections]
            for connection in connections:
                await connection.close()
            for pid in pids:
                kill(pid)
            for _ in range(4):
                assert await value(engine, PID) not in pids
            assert lent(engine) == 0

    async def test_that_the_loop_has_noticed_is_not_seen(
        self, one: Database, kill: Callable[[int], None]
    ) -> None:
        pid = await value(one.engine, PID)
        kill(pid)
        await asyncio.sleep(0.05)
        assert await value(one.engine, PID) != pid

    async def test_of_the_network_is_not_seen(self, database_url: str, settings: Settings) -> None:
        async with Relay(database_url) as relay, small_pool(relay.url, settings) as database:
            await value(database.engine, "SELECT 1")
            relay.cut()
            assert await value(database.engine, "SELECT 1") == 1

    async def test_in_mid_statement_is_503_and_not_tried_again(
        self, one: Database, database: Database
    ) -> None:
        running = await begin(database, one.engine)
        await asyncio.sleep(1.1)
        await value(
            database.engine,
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE query LIKE '%pg_sleep(30)%' AND pid <> pg_backend_pid()",
        )
        with pytest.raises(ServerUnavailableError):
            await running
        assert await value(one.engine, "SELECT 1") == 1
        assert await value(database.engine, SLEEPERS) == 0

    async def test_of_the_server_is_503_until_it_is_back(
        self, tmp_path: Path, settings: Settings
    ) -> None:
        cluster = await asyncio.to_thread(acquire, tmp_path / "postgres", durable=False)
        database = Database(cluster.url(), settings)
        outcomes: list[int] = []
        try:
            await asyncio.gather(*(value(database.engine, "SELECT pg_sleep(0.01)") for _ in "abc"))
            postmaster = await value(database.engine, "SELECT pg_read_file('postmaster.pid')")
            os.kill(int(postmaster.split()[0]), signal.SIGKILL)
            async with asyncio.timeout(60):
                while outcomes[-2:] != [503, 200]:
                    try:
                        await value(database.engine, "SELECT 1")
                        outcome = 200
                    except UnavailableError as error:
                        outcome = error.status
                    if outcomes[-1:] != [outcome]:
                        outcomes.append(outcome)
            assert database.pool_status().lent == 0
        finally:
            await database.close()
            await asyncio.to_thread(cluster.release)

    async def test_of_the_reply_is_504(self, database_url: str, settings: Settings) -> None:
        """A frozen server: the client gives up by itself, and the connection is dropped."""
        async with (
            Relay(database_url) as relay,
            small_pool(relay.url, settings, database_statement_timeout=0.1) as database,
        ):
            pid = await value(database.engine, PID)
            relay.freeze()
            with pytest.raises(StatementTimeoutError):
                await fetch_row(database.engine, "SELECT 1", [])
            relay.thaw()
            assert await value(database.engine, PID) != pid


class TestCancelling:
    async def test_ends_the_statement_and_keeps_the_connection(
        self, one: Database, database: Database
    ) -> None:
        pid = await value(one.engine, PID)
        running = await begin(database, one.engine)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert one.pool_status().lent == 0
        assert await value(database.engine, SLEEPERS) == 0
        assert await value(one.engine, PID) == pid

    async def test_twice_loses_nothing(self, one: Database, database: Database) -> None:
        running = await begin(database, one.engine)
        while not running.done():
            running.cancel()
            await asyncio.sleep(0)
        await until(database, SLEEPERS, 0)
        assert await value(one.engine, "SELECT 1") == 1

    async def test_on_a_frozen_server_drops_the_connection(
        self, database: Database, database_url: str, settings: Settings
    ) -> None:
        """The task does not wait as long as the server might take to answer."""
        async with Relay(database_url) as relay, small_pool(relay.url, settings) as frozen:
            pid = await value(frozen.engine, PID)
            running = await begin(database, frozen.engine)
            relay.freeze()
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running
            async with asyncio.timeout(10):
                while frozen.pool_status().lent:  # noqa: ASYNC110  nobody tells
                    await asyncio.sleep(0.05)
            relay.thaw()
            assert await value(frozen.engine, PID) != pid

    async def test_of_a_deadline_is_a_cancellation(self, one: Database) -> None:
        await value(one.engine, "SELECT 1")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await fetch_row(one.engine, SLEEP, [])
        assert await value(one.engine, "SELECT 1") == 1

    async def test_while_connecting_leaves_the_place_free(
        self, database_url: str, settings: Settings, kill: Callable[[int], None]
    ) -> None:
        async with Relay(database_url) as relay, small_pool(relay.url, settings) as database:
            kill(await value(database.engine, PID))
            await asyncio.sleep(0.05)
            relay.freeze()
            running = asyncio.create_task(value(database.engine, "SELECT 1"))
            await asyncio.sleep(0.05)
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running
            relay.thaw()
            assert await value(database.engine, "SELECT 1") == 1


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

    async def test_a_closed_database_is_not_opened_again(
        self, database: Database, database_url: str, settings: Settings
    ) -> None:
        async with small_pool(database_url, settings, database_statement_timeout=1) as closing:
            running = await begin(database, closing.engine)
            await closing.close()
            with pytest.raises(ServerUnavailableError):
                await running
            await until(database, BACKENDS, 0)


class TestStatements:
    async def test_are_prepared_once(self, one: Database) -> None:
        prepared = "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%mark_of%'"
        await value(one.engine, "SELECT 1")
        for number in range(5):
            await value(one.engine, "SELECT $1::int AS mark_of" + " " * 50_000, number)
        assert await value(one.engine, prepared) == 2

    async def test_do_not_pile_up(self, one: Database) -> None:
        await value(one.engine, "SELECT 1")
        for number in range(300):
            await value(one.engine, f"SELECT {number} AS pile")
        prepared = "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%AS pile%'"
        assert await value(one.engine, prepared) <= 257

    async def test_survive_a_change_of_their_columns(self, one: Database) -> None:
        async with one.session() as session, session.begin():
            session.add(Counter(id=1, value=7))
        row = await fetch_row(one.engine, "SELECT * FROM counters", [])
        async with one.session() as session, session.begin():
            await session.execute(text("ALTER TABLE counters ADD COLUMN note text DEFAULT 'new'"))
        wider = await fetch_row(one.engine, "SELECT * FROM counters", [])
        assert row is not None
        assert wider is not None
        assert (len(wider), wider[len(row)]) == (len(row) + 1, "new")

    async def test_survive_a_change_of_a_type(self, one: Database) -> None:
        async with one.session() as session, session.begin():
            await session.execute(text("CREATE TYPE pair AS (a int)"))
        pair = "SELECT CAST(ROW($1::int) AS pair)"
        assert await value(one.engine, "SELECT CAST(NULL AS pair)") is None
        async with one.session() as session, session.begin():
            await session.execute(text("DROP TYPE pair; "))
            await session.execute(text("CREATE TYPE pair AS (a int)"))
        assert (await value(one.engine, pair, 1))["a"] == 1

    async def test_survive_being_discarded(self, one: Database) -> None:
        await value(one.engine, "SELECT 'kept'")
        await fetch_row(one.engine, "DISCARD ALL", [])
        assert await value(one.engine, "SELECT 'kept'") == "kept"

    async def test_have_no_name_where_the_driver_may_keep_none(self, database_url: str) -> None:
        async with foreign_engine(
            database_url, pool_size=1, connect_args={"statement_cache_size": 0}
        ) as engine:
            for number in range(3):
                assert await value(engine, "SELECT $1::int", number) == number
                assert await value(engine, "SELECT $1::text", "number") == "number"
            assert await value(engine, "SELECT count(*) FROM pg_prepared_statements") == 0
