"""One SELECT on a lent connection: death, cancellation, and what is kept prepared."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from fastgres.db import Database, fetch_row
from fastgres.embedded import acquire
from fastgres.errors import (
    ServerUnavailableError,
    UnavailableError,
)
from tests.db.conftest import (
    PID,
    SLEEP,
    SLEEPERS,
    begin,
    foreign_engine,
    lent,
    small_pool,
    until,
    value,
)
from tests.models import Counter
from tests.relay import Relay

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fastgres.settings import Settings

pytestmark = pytest.mark.clone


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
                        await asyncio.sleep(0.01)  # a missing socket fails without a pause
                    if outcomes[-1:] != [outcome]:
                        outcomes.append(outcome)
            assert database.pool_status().lent == 0
        finally:
            await database.close()
            await asyncio.to_thread(cluster.release)

    async def test_of_the_reply_is_503(self, database_url: str, settings: Settings) -> None:
        """A frozen server: the client gives up by itself, and the connection is dropped."""
        async with (
            Relay(database_url) as relay,
            small_pool(relay.url, settings, database_statement_timeout=0.1) as database,
        ):
            pid = await value(database.engine, PID)
            relay.freeze()
            with pytest.raises(ServerUnavailableError):
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
