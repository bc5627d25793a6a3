"""What one test does, no other test sees; and what cannot be kept apart is an error."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, suppress
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from fastgres.errors import IsolationError, UniqueViolationError
from fastgres.testing.isolation import pooled, rolled_back
from tests.models import Counter

if TYPE_CHECKING:
    from fastgres.db import Database, Session
    from fastgres.settings import Settings
    from fastgres.testing.workshop import SharedDatabase

COUNT = select(func.count()).select_from(Counter)


@pytest.mark.parametrize("turn", [1, 2])
async def test_commits_are_undone_after_each_test(session: Session, turn: int) -> None:
    """The second finds no trace of the first."""
    async with session.begin():
        session.add(Counter(value=turn))
    async with session.begin():
        session.add(Counter(value=turn))
    assert await session.scalar(COUNT) == 2


@pytest.mark.clone
@pytest.mark.parametrize("turn", [1, 2])
async def test_a_clone_has_true_commits_and_connections(database: Database, turn: int) -> None:
    """Another connection sees what was committed, and not what was not."""
    async with database.session() as one, database.session() as other:
        async with one.begin():
            one.add(Counter(value=turn))
            await one.flush()
            assert await other.scalar(COUNT) == 0
            await other.rollback()
        assert await other.scalar(COUNT) == 1


@pytest.mark.clone
async def test_sessions_of_a_clone_run_at_once(database: Database) -> None:
    """The second waits for the row of the first, which one connection could not."""
    async with database.session() as session, session.begin():
        session.add(Counter(id=1, value=0))

    async def add_one() -> None:
        async with database.session() as session, session.begin():
            counter = await session.get_one(Counter, 1, with_for_update=True)
            counter.value += 1

    await asyncio.gather(*(add_one() for _ in range(5)))
    async with database.session() as session:
        assert (await session.get_one(Counter, 1)).value == 5


async def test_a_failed_statement_does_not_spoil_the_test(database: Database) -> None:
    """The error is of its session alone; what was committed before stays."""
    async with database.session() as session, session.begin():
        session.add(Counter(id=1))
    with pytest.raises(UniqueViolationError):
        async with database.session() as session, session.begin():
            session.add(Counter(id=1))
    async with database.session() as session:
        assert await session.scalar(COUNT) == 1


async def test_a_session_inside_another_is_no_conflict(
    session: Session, database: Database
) -> None:
    """A test has read something, calls the application, and reads on."""
    assert await session.scalar(COUNT) == 0
    async with database.session() as inner, inner.begin():
        inner.add(Counter())
    assert await session.scalar(COUNT) == 1


async def test_two_sessions_at_once_are_refused_with_the_way_out(
    shared_database: SharedDatabase, settings: Settings
) -> None:
    """They would write into each other's transaction."""
    with pytest.raises(IsolationError, match="clone"):
        async with (
            rolled_back(shared_database, settings) as database,
            database.session() as one,
            database.session() as other,
        ):
            await one.scalar(COUNT)
            await other.scalar(COUNT)
            await one.scalar(COUNT)


async def test_a_swallowed_conflict_fails_the_test_at_its_end(
    shared_database: SharedDatabase, settings: Settings
) -> None:
    """An application that answers 500 hides the reason."""

    async def work(database: Database) -> None:
        async with database.session() as session, session.begin():
            for _ in range(3):
                session.add(Counter())
                await session.flush()
                await asyncio.sleep(0)

    with pytest.raises(IsolationError, match="Two sessions"):
        async with rolled_back(shared_database, settings) as database:
            await asyncio.gather(work(database), work(database), return_exceptions=True)


@pytest.mark.parametrize("in_unit", [False, True])
async def test_an_independent_unit_over_changes_fails_the_test_at_its_end(
    shared_database: SharedDatabase, settings: Settings, *, in_unit: bool
) -> None:
    """One connection cannot commit a part of its transaction, also when the reason is swallowed."""
    with pytest.raises(IsolationError, match=r"independent.*@pytest\.mark\.clone"):
        async with (
            rolled_back(shared_database, settings) as database,
            database.session() as session,
            session.begin() if in_unit else AsyncExitStack(),
        ):
            session.add(Counter())
            with suppress(IsolationError):
                async with session.independent() as own:
                    await own.scalar(COUNT)


async def test_a_session_left_open_is_an_error(
    shared_database: SharedDatabase, settings: Settings
) -> None:
    """In production it would be a connection lost to the pool."""
    kept: list[Any] = []
    with pytest.raises(IsolationError, match="open"):
        async with rolled_back(shared_database, settings) as database:
            kept.append(database.session())
            await kept[0].scalar(COUNT)
    await kept[0].close()


async def test_a_true_commit_is_an_error_and_the_database_is_replaced(
    shared_database: SharedDatabase, settings: Settings
) -> None:
    """Otherwise every later test would find the row."""
    with pytest.raises(IsolationError, match="ended the transaction itself"):
        async with rolled_back(shared_database, settings) as database:
            with suppress(DBAPIError):
                async with database.session() as session:
                    connection = await session.connection()
                    driver: Any = (await connection.get_raw_connection()).driver_connection
                    await driver.execute("INSERT INTO counters DEFAULT VALUES; COMMIT")
    assert shared_database.spoilt
    before = shared_database.url
    after = await asyncio.to_thread(shared_database.clean_url)
    assert after != before
    async with rolled_back(shared_database, settings) as database, database.session() as session:
        assert await session.scalar(COUNT) == 0


async def test_a_debugger_may_stop_a_test(session: Session) -> None:
    """No limit on transactions ends it behind the developer's back."""
    names = ("idle_in_transaction_session_timeout", "transaction_timeout")
    rows = await session.execute(text("SELECT name, setting FROM pg_settings"))
    assert {row.setting for row in rows if row.name in names} == {"0"}


@pytest.mark.clone
async def test_a_leaked_connection_is_an_error(database: Database) -> None:
    """The pool counts them at the end of the test."""
    leaked: list[Any] = []
    with pytest.raises(IsolationError, match="1 connection"):
        async with pooled(database):
            leaked.append(database.session())
            await leaked[0].scalar(COUNT)
    await leaked[0].invalidate()
