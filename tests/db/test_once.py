"""One statement that writes: committed or not, typed errors, and never sent twice."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event, text

from fastgres.db import Constraints, Database, lone_engine, write_alone, write_inside
from fastgres.errors import ServerUnavailableError, UniqueViolationError
from tests.db.conftest import PID, foreign_engine, small_pool, until, value
from tests.models import metadata
from tests.relay import Relay

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.ext.asyncio import AsyncEngine

    from fastgres.settings import Settings

pytestmark = pytest.mark.clone

RULES = Constraints(metadata)
ADD = "INSERT INTO counters (id, value) VALUES ($1, 7) RETURNING pg_backend_pid()"
SLOWLY = "INSERT INTO counters (id) SELECT 1 FROM pg_sleep(30) RETURNING id"
COUNT = "SELECT count(*) FROM counters"
WRITERS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND state = 'active' AND query LIKE 'INSERT INTO counters (%) SELECT%'"
)


async def add(engine: AsyncEngine, number: int) -> Any:
    """Write a row; return the process of the server that did."""
    row = await write_alone(engine.sync_engine, ADD, [number], constraints=RULES)
    assert row is not None
    return row[0]


class TestAlone:
    async def test_is_committed(self, one: Database, database: Database) -> None:
        for number in range(2):
            await add(one.engine, number)
        assert await value(database.engine, COUNT) == 2

    @pytest.mark.parametrize("listened", ["begin", "commit", "before_cursor_execute"])
    async def test_is_committed_where_somebody_looks_on(
        self, one: Database, database: Database, listened: str
    ) -> None:
        heard: list[str] = []
        event.listen(one.engine.sync_engine, listened, lambda *_: heard.append(listened))
        await add(one.engine, 1)
        assert heard
        assert await value(database.engine, COUNT) == 1

    @pytest.mark.parametrize("warm", [False, True])
    async def test_violations_name_their_fields(self, database_url: str, *, warm: bool) -> None:
        """On an engine that is not of our making too."""
        async with foreign_engine(database_url) as engine:
            await add(engine, 1)
            if not warm:
                await engine.dispose()
            with pytest.raises(UniqueViolationError) as caught:
                await add(engine, 1)
        assert caught.value.fields[0].location == ("body", "id")


class TestSentOnce:
    """A connection that is lost is a 503; what it did, nobody knows."""

    async def test_a_connection_known_to_be_dead_is_renewed(
        self, one: Database, kill: Callable[[int], None]
    ) -> None:
        pid = await value(one.engine, PID)
        kill(pid)
        await asyncio.sleep(0.05)
        assert await add(one.engine, 1) != pid

    async def test_a_connection_that_dies_unseen_is_503(
        self, one: Database, database: Database, kill: Callable[[int], None]
    ) -> None:
        """Prepared before, so that the statement is what meets the dead connection."""
        await value(one.engine, PID)
        kill(await add(one.engine, 1))
        with pytest.raises(ServerUnavailableError) as caught:
            await add(one.engine, 2)
        assert caught.value.headers == {"Retry-After": "2"}
        assert await value(database.engine, COUNT) == 1
        await add(one.engine, 2)

    async def test_a_connection_that_dies_before_it_is_prepared_is_renewed(
        self, one: Database, kill: Callable[[int], None]
    ) -> None:
        pid = await value(one.engine, PID)
        kill(pid)
        assert await add(one.engine, 1) != pid

    @pytest.mark.parametrize("watched", [False, True])
    async def test_a_backend_killed_in_mid_statement_is_503(
        self, one: Database, database: Database, *, watched: bool
    ) -> None:
        await value(one.engine, "SELECT 1")
        if watched:
            event.listen(one.engine.sync_engine, "before_cursor_execute", lambda *_: None)
        running = asyncio.create_task(
            write_alone(one.engine.sync_engine, SLOWLY, [], constraints=RULES)
        )
        await until(database, WRITERS, 1)
        await value(
            database.engine,
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE query LIKE 'INSERT INTO counters (id) SELECT%'",
        )
        with pytest.raises(ServerUnavailableError):
            await running
        assert await value(database.engine, WRITERS) == 0

    async def test_a_reply_that_is_lost_is_503_and_the_row_is_there_once(
        self, database: Database, database_url: str, settings: Settings
    ) -> None:
        """Sent again it would be there twice, as nothing in it is unique."""
        slow = "INSERT INTO counters (value) SELECT 7 FROM pg_sleep(0.5) RETURNING id"
        async with Relay(database_url) as relay, small_pool(relay.url, settings) as through:
            engine = through.engine.sync_engine
            await value(through.engine, PID)
            running = asyncio.create_task(write_alone(engine, slow, [], constraints=RULES))
            await until(database, WRITERS, 1)
            relay.freeze()
            await until(database, COUNT, 1)
            relay.cut()
            with pytest.raises(ServerUnavailableError):
                await running
            relay.thaw()
            await value(through.engine, "SELECT 1")
        assert await value(database.engine, COUNT) == 1

    async def test_a_plan_that_a_migration_has_changed_is_prepared_anew(
        self, one: Database, database: Database
    ) -> None:
        """The server refuses it before it runs."""
        every = "INSERT INTO counters (id) VALUES ($1) RETURNING *"
        await value(one.engine, "SELECT 1")
        await write_alone(one.engine.sync_engine, every, [1], constraints=RULES)
        async with database.session() as session, session.begin():
            await session.execute(text("ALTER TABLE counters ADD COLUMN note text"))
        row = await write_alone(one.engine.sync_engine, every, [2], constraints=RULES)
        assert row is not None
        assert len(row) == 3
        assert await value(database.engine, COUNT) == 2


class TestInside:
    async def test_belongs_to_the_transaction(self, database: Database) -> None:
        async with database.session() as session:
            with pytest.raises(ZeroDivisionError):
                async with session.begin():
                    await write_inside(session, ADD, [1], change="a row", constraints=RULES)
                    assert session.uncommitted() == ("a row",)
                    raise ZeroDivisionError
        assert await value(database.engine, COUNT) == 0

    async def test_violations_name_their_fields(self, database: Database) -> None:
        async with database.session() as session:
            with pytest.raises(UniqueViolationError) as caught:
                async with session.begin():
                    for _ in range(2):
                        await write_inside(session, ADD, [1], change="a row", constraints=RULES)
        assert caught.value.fields[0].location == ("body", "id")


class TestLoneEngine:
    async def test_is_that_of_a_session_with_nothing_open(self, database: Database) -> None:
        async with database.session() as session:
            assert lone_engine(session) is database.engine.sync_engine
            async with session.begin():
                assert lone_engine(session) is None

    @pytest.mark.parametrize("name", ["before_commit", "after_commit", "after_transaction_end"])
    async def test_is_none_where_somebody_waits_for_the_commit(
        self, database: Database, name: str
    ) -> None:
        async with database.session() as session:
            event.listen(session.sync_session, name, lambda *_: None)
            assert lone_engine(session) is None
