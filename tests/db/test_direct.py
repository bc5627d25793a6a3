"""One SELECT in one round trip: where it runs, what it raises, and who sees it."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest
from sqlalchemy import NullPool, event, insert, select
from sqlalchemy.exc import DBAPIError, InvalidRequestError
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from fastgres.db import fetch_row
from fastgres.errors import (
    ConfigurationError,
    InvalidTextError,
    OutOfRangeError,
    ProblemError,
    ServerUnavailableError,
    StatementTimeoutError,
)
from tests.db.conftest import PID, foreign_engine, lent, small_pool, value
from tests.models import Counter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fastgres.db import Database, Session
    from fastgres.settings import Settings

COUNT = "SELECT count(*) FROM counters"


@pytest.mark.clone
class TestOutside:
    async def test_returns_the_first_row(self, database: Database) -> None:
        row = await fetch_row(database.engine, "SELECT $1::int + 1, $2::text", [41, "ä"])
        assert row is not None
        assert tuple(row) == (42, "ä")

    async def test_returns_none_for_no_row(self, database: Database) -> None:
        assert await fetch_row(database.engine, "SELECT 1 WHERE false", []) is None

    async def test_a_session_begins_nothing(self, database: Database) -> None:
        async with database.session() as session:
            assert await value(session, "SELECT 1") == 1
            assert not session.in_transaction()
            assert lent(database.engine) == 0

    async def test_a_session_between_two_units_begins_nothing(self, database: Database) -> None:
        async with database.session() as session:
            async with session.begin():
                session.add(Counter(id=1))
            assert await value(session, COUNT) == 1
            assert not session.in_transaction()

    async def test_a_session_of_somebody_else_begins_nothing(self, database: Database) -> None:
        async with AsyncSession(database.engine) as session:
            assert await value(session, "SELECT 1") == 1
            assert not session.in_transaction()

    async def test_a_closed_session_refuses(self, database: Database) -> None:
        for use in (False, True):
            session = database.session()
            if use:
                await session.scalar(select(1))
            await session.close()
            with pytest.raises(InvalidRequestError, match="closed"):
                await fetch_row(session, "SELECT 1", [])

    async def test_stays_on_one_connection_while_one_is_enough(self, database: Database) -> None:
        await value(database.engine, PID)
        pids = {await value(database.engine, PID) for _ in range(5)}
        assert len(pids) == 1

    async def test_two_at_once_use_two_connections(self, database: Database) -> None:
        await asyncio.gather(*(value(database.engine, "SELECT pg_sleep(0.05)") for _ in "ab"))
        pids = await asyncio.gather(*(value(database.engine, PID) for _ in "ab"))
        assert len(set(pids)) == 2
        assert lent(database.engine) == 0

    async def test_a_foreign_engine_is_read_as_well(self, database_url: str) -> None:
        async with foreign_engine(database_url) as engine:
            assert [await value(engine, "SELECT $1::int", n) for n in range(3)] == [0, 1, 2]

    async def test_an_engine_without_a_pool_is_read_as_well(self, database_url: str) -> None:
        async with foreign_engine(database_url, poolclass=NullPool) as engine:
            assert await value(engine, "SELECT 1") == 1

    async def test_another_driver_is_refused(self) -> None:
        engine = create_async_engine("postgresql+asyncpg://nobody@localhost/nothing")
        engine.dialect.driver = "psycopg"
        with pytest.raises(ConfigurationError, match=r"postgresql\+psycopg"):
            await fetch_row(engine, "SELECT 1", [])


class TestInside:
    @pytest.mark.clone
    async def test_a_session_sees_its_own_changes(self, database: Database) -> None:
        async with database.session() as session:
            session.add(Counter(id=1))
            assert await value(session, COUNT) == 1
            assert await value(database.engine, COUNT) == 0

    async def test_without_autoflush_a_session_sees_what_was_flushed(
        self, session: Session
    ) -> None:
        session.add(Counter(id=1))
        with session.no_autoflush:
            assert await value(session, COUNT) == 0

    @pytest.mark.clone
    async def test_a_connection_sees_its_own_changes(self, database: Database) -> None:
        async with database.engine.connect() as connection:
            await connection.execute(insert(Counter))
            assert await value(connection, COUNT) == 1
            assert await value(database.engine, COUNT) == 0

    async def test_shares_the_connection_of_a_rolled_back_test(self, database: Database) -> None:
        async with database.session() as session, session.begin():
            session.add(Counter(id=1))
        assert await value(database.source, COUNT) == 1
        async with database.session() as session:
            assert await value(session, COUNT) == 1

    async def test_a_failure_leaves_a_rolled_back_test_its_transaction(
        self, database: Database
    ) -> None:
        with pytest.raises(InvalidTextError):
            await fetch_row(database.source, "SELECT $1::text", ["\0"])
        assert await value(database.source, "SELECT 1") == 1

    async def test_readers_take_turns_in_a_rolled_back_test(self, database: Database) -> None:
        numbers = await asyncio.gather(
            *(value(database.source, "SELECT $1::int, pg_sleep(0.01)", n) for n in range(5))
        )
        assert numbers == list(range(5))

    @pytest.mark.clone
    async def test_a_lost_transaction_is_not_tried_again(
        self, database: Database, kill: Callable[[int], None]
    ) -> None:
        async with database.session() as session:
            with pytest.raises(ServerUnavailableError):
                async with session.begin():
                    kill(await value(session, PID))
                    await fetch_row(session, "SELECT 1", [])
        assert lent(database.engine) == 0


MISTAKES: list[tuple[str, Sequence[object], type[Exception]]] = [
    ("SELECT $1::text", ["\0"], InvalidTextError),
    ("SELECT $1::int", [2**70], OutOfRangeError),
    ("SELECT 2147483647 + $1::int", [1], OutOfRangeError),
    ("SELECT pg_sleep(30)", [], StatementTimeoutError),
    ("SELECT 1 / $1::int", [0], asyncpg.DivisionByZeroError),
    ("SELEKT 1", [], asyncpg.PostgresSyntaxError),
    ("SELECT $1::int", [], asyncpg.InterfaceError),
]


@pytest.mark.clone
class TestErrors:
    @pytest.mark.parametrize(("sql", "arguments", "kind"), MISTAKES)
    @pytest.mark.parametrize("foreign", [False, True])
    async def test_are_typed_alike_everywhere(
        self,
        database_url: str,
        settings: Settings,
        sql: str,
        arguments: Sequence[object],
        kind: type[Exception],
        *,
        foreign: bool,
    ) -> None:
        """A bug stays what the driver or SQLAlchemy makes of it."""
        limit = {"server_settings": {"statement_timeout": "1s"}}
        async with (
            foreign_engine(database_url, connect_args=limit) as other,
            small_pool(database_url, settings, database_statement_timeout=1) as own,
        ):
            engine = other if foreign else own.engine
            await value(engine, "SELECT 1")
            expected = kind if issubclass(kind, ProblemError) else (kind, DBAPIError)
            with pytest.raises(expected):
                await fetch_row(engine, sql, arguments)
            async with AsyncSession(engine) as session:
                with pytest.raises(expected):
                    await fetch_row(session, sql, arguments)
                await session.scalar(select(1))
                with pytest.raises(expected):
                    await fetch_row(session, sql, arguments)
            assert await value(engine, "SELECT 1") == 1
            assert lent(engine) == 0

    async def test_a_mistake_does_not_cost_the_connection(self, database: Database) -> None:
        pid = await value(database.engine, PID)
        for sql, arguments, _ in MISTAKES:
            if "sleep" not in sql:
                with pytest.raises(Exception, match=r"."):
                    await fetch_row(database.engine, sql, arguments)
        assert await value(database.engine, PID) == pid

    async def test_keep_the_error_of_the_driver_as_the_cause(self, database: Database) -> None:
        await value(database.engine, "SELECT 1")
        with pytest.raises(InvalidTextError) as raised:
            await fetch_row(database.engine, "SELECT $1::text", ["\0"])
        assert isinstance(raised.value.__cause__, asyncpg.PostgresError)


@pytest.mark.clone
class TestListeners:
    async def test_see_every_statement(self, database: Database) -> None:
        seen: list[str] = []

        def before(*arguments: Any) -> None:
            seen.append(arguments[2])

        await value(database.engine, "SELECT 1")
        event.listen(database.engine.sync_engine, "before_cursor_execute", before)
        assert await value(database.engine, "SELECT $1::int", 2) == 2
        event.remove(database.engine.sync_engine, "before_cursor_execute", before)
        await value(database.engine, "SELECT 3")
        assert seen == ["SELECT $1::int"]

    async def test_cost_no_transaction(self, database: Database) -> None:
        begun: list[bool] = []

        def after(connection: Any, *_: Any) -> None:
            begun.append(connection.connection.driver_connection.is_in_transaction())

        event.listen(database.engine.sync_engine, "after_cursor_execute", after)
        await value(database.engine, "SELECT 1")
        assert begun == [False]

    async def test_of_the_pool_see_every_loan(self, database: Database) -> None:
        seen: list[Any] = []
        await value(database.engine, "SELECT 1")
        event.listen(database.engine.sync_engine.pool, "checkout", lambda *a: seen.append(a))
        await value(database.engine, "SELECT 1")
        assert len(seen) == 1

    async def test_find_every_statement_in_the_log(
        self, database: Database, caplog: pytest.LogCaptureFixture
    ) -> None:
        await value(database.engine, "SELECT 1")
        with caplog.at_level(logging.INFO, logger="sqlalchemy.engine"):
            await value(database.engine, "SELECT 'logged'")
        assert "SELECT 'logged'" in caplog.text

    async def test_lose_no_typed_error(self, database: Database) -> None:
        event.listen(database.engine.sync_engine, "before_cursor_execute", lambda *_: None)
        with pytest.raises(InvalidTextError):
            await fetch_row(database.engine, "SELECT $1::text", ["\0"])
