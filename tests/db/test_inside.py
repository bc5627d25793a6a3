"""One statement in the transaction of a session: where it runs, what it raises, who sees it."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest
from sqlalchemy import event, text

from fastgres.db import Database, Session, run_inside
from fastgres.db.inside import IS_KNOWN
from fastgres.errors import (
    InvalidTextError,
    OutOfRangeError,
    ProblemError,
    RowLockedError,
    ServerUnavailableError,
    StatementTimeoutError,
)
from tests.db.conftest import PID, SLEEP, SLEEPERS, lent, small_pool, until
from tests.models import Counter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fastgres.settings import Settings

ADD = "INSERT INTO counters (id, value) VALUES ($1, $2)"
COUNT = "SELECT count(*) FROM counters"


def test_sqlalchemy_has_what_it_uses() -> None:
    assert IS_KNOWN


async def test_rows_are_returned(session: Session) -> None:
    async with session.begin():
        rows = await run_inside(session, "SELECT n, $1::text FROM generate_series(1, 2) n", ["ä"])
        assert [tuple(row) for row in rows] == [(1, "ä"), (2, "ä")]
        assert not await run_inside(session, ADD, [1, 1])


@pytest.mark.clone
class TestOnTheDriver:
    async def test_begins_the_transaction_that_it_belongs_to(self, database: Database) -> None:
        async with database.session() as session:
            with pytest.raises(ZeroDivisionError):
                async with session.begin():
                    await run_inside(session, ADD, [1, 1])
                    raise ZeroDivisionError
            async with session.begin():
                assert (await run_inside(session, COUNT))[0][0] == 0
                await run_inside(session, ADD, [1, 1])
                session.add(Counter(id=2, value=2))
            assert await session.scalar(text(COUNT)) == 2

    async def test_keeps_the_level_of_isolation(self, database: Database) -> None:
        engine = database.engine.execution_options(isolation_level="SERIALIZABLE")
        async with Session(engine) as session:
            rows = await run_inside(session, "SHOW transaction_isolation")
            assert rows[0][0] == "serializable"

    async def test_a_statement_costs_one_round_trip(self, database: Database) -> None:
        asked: list[str] = []
        async with database.session() as session, session.begin():
            await run_inside(session, COUNT)
            connection = await session.connection()
            driver: Any = (await connection.get_raw_connection()).driver_connection
            with driver.query_logger(lambda logged: asked.append(logged.query)):
                await run_inside(session, COUNT)
        assert asked == [COUNT]

    async def test_who_listens_hears_of_it(self, database: Database) -> None:
        heard: list[str] = []

        def listen(*arguments: Any) -> None:
            heard.append(arguments[2])

        event.listen(database.engine.sync_engine, "before_cursor_execute", listen)
        async with database.session() as session, session.begin():
            await run_inside(session, ADD, [1, 1])
            assert (await run_inside(session, COUNT))[0][0] == 1
        event.remove(database.engine.sync_engine, "before_cursor_execute", listen)
        assert heard == [ADD, COUNT]

    async def test_who_reads_the_log_reads_of_it(
        self, database: Database, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.INFO, logger="sqlalchemy.engine"):
            async with database.session() as session, session.begin():
                await run_inside(session, COUNT)
        assert COUNT in caplog.messages

    async def test_a_connection_that_is_lost_is_503_and_not_kept(
        self, database: Database, kill: Callable[[int], None]
    ) -> None:
        async with database.session() as session:
            for first in (True, False):
                with pytest.raises(ServerUnavailableError):
                    async with session.begin():
                        pid = await session.scalar(text(PID))
                        kill(pid)
                        await run_inside(session, COUNT)
                assert await session.scalar(text(PID)) != pid, first
                await session.rollback()
        assert lent(database.engine) == 0

    async def test_a_lost_connection_is_noticed_by_the_first_statement_too(
        self, database_url: str, settings: Settings, kill: Callable[[int], None]
    ) -> None:
        async with small_pool(database_url, settings) as database, database.session() as session:
            with pytest.raises(ServerUnavailableError):
                async with session.begin():
                    connection = await session.connection()
                    driver: Any = (await connection.get_raw_connection()).driver_connection
                    kill(driver.get_server_pid())
                    await run_inside(session, COUNT)
            assert await session.scalar(text(COUNT)) == 0

    async def test_a_cancelled_statement_leaves_nothing_behind(self, database: Database) -> None:
        async def sleep() -> None:
            async with database.session() as session, session.begin():
                await run_inside(session, SLEEP)

        task = asyncio.create_task(sleep())
        await until(database, SLEEPERS, 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await until(database, SLEEPERS, 0)
        assert lent(database.engine) == 0


MISTAKES: list[tuple[str, Sequence[object], type[Exception]]] = [
    ("SELECT $1::text", ["\0"], InvalidTextError),
    ("SELECT $1::int", [2**70], OutOfRangeError),
    ("SELECT pg_sleep(30)", [], StatementTimeoutError),
    ("SELECT 1 FROM counters FOR UPDATE NOWAIT", [], RowLockedError),
    ("SELECT 1 / $1::int", [0], asyncpg.DivisionByZeroError),
    ("SELEKT 1", [], asyncpg.PostgresSyntaxError),
    ("SELECT $1::int", [], asyncpg.InterfaceError),
]


@pytest.mark.clone
@pytest.mark.parametrize(("sql", "arguments", "kind"), MISTAKES)
async def test_errors_are_typed_and_leave_the_connection(
    sql: str,
    arguments: Sequence[object],
    kind: type[Exception],
    database: Database,
    database_url: str,
    settings: Settings,
) -> None:
    async with database.session() as other, other.begin():
        other.add(Counter(id=1, value=1))
    async with (
        database.session() as other,
        small_pool(database_url, settings, database_statement_timeout=0.3) as small,
    ):
        await other.execute(text("SELECT 1 FROM counters FOR UPDATE"))
        async with small.session() as session:
            pid = await session.scalar(text(PID))
            await session.rollback()
            with pytest.raises(kind):
                async with session.begin():
                    await run_inside(session, sql, arguments)
            assert await session.scalar(text(PID)) == pid


async def test_errors_are_typed_alike_through_sqlalchemy(session: Session) -> None:
    for sql, arguments, kind in MISTAKES[:2]:
        assert issubclass(kind, ProblemError)
        with pytest.raises(kind):
            async with session.begin():
                await run_inside(session, sql, arguments)


async def test_what_it_writes_is_told_until_the_commit(session: Session) -> None:
    async with session.begin():
        await run_inside(session, ADD, [1, 1], change="new counter")
        assert session.uncommitted() == ("new counter",)
    assert session.uncommitted() == ()
