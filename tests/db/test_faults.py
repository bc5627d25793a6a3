"""SQLSTATEs become typed errors, from real statements on a real server."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import DBAPIError, ProgrammingError

from fastgres.db import dsn, translate
from fastgres.errors import (
    InvalidTextError,
    InvalidValueError,
    OutOfRangeError,
    PoolExhaustedError,
    ProblemError,
    RowLockedError,
    SerializationFailureError,
    ServerUnavailableError,
    StatementTimeoutError,
    UnavailableError,
)
from tests.models import Author, Counter

if TYPE_CHECKING:
    from fastgres.db import Database, Session


async def caught(session: Session, statement: Any, values: Any = None) -> ProblemError:
    with pytest.raises(ProblemError) as raised:
        await session.execute(statement, values)
    return raised.value


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("nul \0 byte", InvalidTextError),
        ("lone surrogate \ud800", InvalidValueError),
    ],
)
async def test_text_that_cannot_be_stored_is_422(
    session: Session, value: str, kind: type[ProblemError]
) -> None:
    error = await caught(session, select(Author).where(Author.name == value))
    assert isinstance(error, kind)
    assert error.status == 422


async def test_nul_inside_jsonb_is_422(session: Session) -> None:
    statement = text("SELECT CAST(:document AS jsonb) ->> 'a'")
    error = await caught(session, statement, {"document": '{"a": "\\u0000"}'})
    assert type(error) is InvalidTextError


async def test_a_number_larger_than_its_column_is_422(session: Session) -> None:
    error = await caught(session, update(Counter).values(value=2**70))
    assert type(error) is OutOfRangeError


async def test_text_too_long_for_its_index_is_422(session: Session) -> None:
    incompressible = "".join(chr(0x4E00 + value % 20_000) for value in range(7, 10**6, 127))
    error = await caught(session, insert(Author).values(name="Ada", email=incompressible), None)
    assert type(error) is OutOfRangeError


async def test_division_by_zero_is_a_bug_of_ours(session: Session) -> None:
    with pytest.raises(DBAPIError):
        await session.execute(text("SELECT 1 / 0"))


async def test_a_mistake_in_the_sql_is_a_bug_of_ours(session: Session) -> None:
    with pytest.raises(ProgrammingError):
        await session.execute(text("SELECT nothing FROM nowhere"))


@pytest.mark.clone
async def test_a_statement_that_runs_too_long_is_503(session: Session) -> None:
    await session.execute(text("SET LOCAL statement_timeout = '20ms'"))
    error = await caught(session, text("SELECT pg_sleep(30)"))
    assert type(error) is StatementTimeoutError
    assert (error.status, error.headers["Retry-After"]) == (503, "5")


@pytest.mark.clone
async def test_a_row_that_another_holds_is_409(database: Database) -> None:
    async with database.session() as holder, database.session() as session:
        holder.add(Counter(id=1))
        await holder.commit()
        row = select(Counter).with_for_update(nowait=True)
        await holder.execute(row)
        error = await caught(session, row)
    assert type(error) is RowLockedError
    assert error.headers["Retry-After"] == "1"


@pytest.mark.clone
async def test_a_deadlock_is_503_for_the_loser(database: Database) -> None:
    async with database.session() as setup, setup.begin():
        setup.add_all([Counter(id=1), Counter(id=2)])
    met = asyncio.Barrier(2)

    async def cross(first: int, second: int) -> type[BaseException] | None:
        async with database.session() as session:
            await session.execute(text("SET LOCAL deadlock_timeout = '50ms'"))
            await session.execute(update(Counter).where(Counter.id == first).values(value=1))
            await met.wait()
            try:
                await session.execute(update(Counter).where(Counter.id == second).values(value=1))
            except ProblemError as error:
                return type(error)
        return None

    outcomes = await asyncio.gather(cross(1, 2), cross(2, 1))
    assert sorted(outcomes, key=str) == sorted([None, SerializationFailureError], key=str)


@pytest.mark.clone
async def test_a_lost_race_of_snapshots_is_503(database: Database) -> None:
    async with database.session() as setup, setup.begin():
        setup.add(Counter(id=1))
    async with database.session() as late, database.session() as early:
        await late.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        await late.scalars(select(Counter))
        async with early.begin():
            await early.execute(update(Counter).values(value=1))
        error = await caught(late, update(Counter).values(value=2))
    assert type(error) is SerializationFailureError


@pytest.mark.clone
async def test_a_statement_that_a_migration_made_stale_is_503_once(
    database: Database, database_url: str
) -> None:
    """Its plan is of the old release; a transaction cannot make a new one."""
    everything = text("SELECT * FROM counters")
    async with database.session() as session:
        await session.execute(everything)
    migrator = await asyncpg.connect(dsn(database_url))
    await migrator.execute("ALTER TABLE counters ADD COLUMN extra text")
    await migrator.close()
    async with database.session() as session:
        assert type(await caught(session, everything)) is SerializationFailureError
    async with database.session() as session:
        assert (await session.execute(everything)).keys() >= {"extra"}


@pytest.mark.clone
async def test_a_pool_without_a_free_connection_is_503(database: Database) -> None:
    limit = database.pool_status().limit
    sessions = [database.session() for _ in range(limit + 1)]
    try:
        for session in sessions[:limit]:
            await session.scalar(select(1))
        with pytest.raises(Exception, match="QueuePool limit") as raised:
            await sessions[limit].scalar(select(1))
    finally:
        for session in sessions:
            await session.close()
    error = translate(raised.value)
    assert type(error) is PoolExhaustedError
    assert error.status == 503
    assert "Retry-After" in error.headers


@pytest.mark.clone
async def test_a_backend_that_was_killed_is_503_and_leaves_the_pool(database: Database) -> None:
    async with database.session() as session:
        error = await caught(session, text("SELECT pg_terminate_backend(pg_backend_pid())"))
    assert type(error) is ServerUnavailableError
    assert database.pool_status().lent == 0
    async with database.session() as session:
        assert await session.scalar(select(1)) == 1


@pytest.mark.clone
async def test_a_storm_of_killed_backends_leaves_no_poisoned_connection(
    database: Database,
) -> None:
    """sqlalchemy#13241: a backend killed inside a transaction came back to the pool."""
    stop = asyncio.Event()
    surprises: list[BaseException] = []

    async def work() -> None:
        while not stop.is_set():
            try:
                async with database.session() as session, session.begin():
                    await session.execute(update(Counter).values(value=1))
            except Exception as error:  # noqa: BLE001 - whatever it is, it is the finding
                if not isinstance(translate(error), UnavailableError):
                    surprises.append(error)

    workers = [asyncio.create_task(work()) for _ in range(5)]
    for _ in range(20):
        await _kill_the_others(database)
    stop.set()
    await asyncio.gather(*workers)
    assert surprises == []
    assert database.pool_status().lent == 0
    for _ in range(database.pool_status().limit):
        await database.ping()


async def _kill_the_others(database: Database) -> None:
    async with database.session() as session:
        await session.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )


async def test_the_error_of_the_driver_stays_as_the_cause(session: Session) -> None:
    error = await caught(session, select(Author).where(Author.name == "\0"))
    assert error.__cause__ is not None
    assert "\0" not in error.detail


async def test_a_typed_error_is_its_own_translation(session: Session) -> None:
    error = await caught(session, select(Author).where(Author.name == "\0"))
    assert translate(error) is error


def test_a_bug_of_ours_has_no_translation() -> None:
    assert translate(ValueError("a bug")) is None
