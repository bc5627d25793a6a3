"""Units that lose races, run again as a whole."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import asyncpg
import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DBAPIError

from fastgres.db import Database, Session, dsn, is_retryable
from fastgres.db.retrying import draw_pause
from fastgres.errors import (
    ConfigurationError,
    NotFoundError,
    SerializationFailureError,
    ServerUnavailableError,
    UniqueViolationError,
)
from tests.models import Author, Counter, metadata

if TYPE_CHECKING:
    from fastgres.settings import Settings

pytestmark = pytest.mark.clone

RACE = "DO $$ BEGIN RAISE EXCEPTION 'lost' USING ERRCODE = '40001'; END $$"
VALUE = select(func.sum(Counter.value))


class LosingWork:
    """Work that writes an author and then loses this many races."""

    def __init__(self, session: Session, losses: int) -> None:
        self.session = session
        self.losses = losses
        self.calls = 0

    async def __call__(self) -> str:
        self.calls += 1
        self.session.add(Author(name="Ada", email=f"{self.calls}@example.com"))
        await self.session.flush()
        if self.calls <= self.losses:
            await self.session.execute(text(RACE))
        return "done"


async def stored(database: Database) -> list[str]:
    async with database.session() as session:
        return list(await session.scalars(select(Author.email)))


async def counter(database: Database) -> int:
    """Make a counter and return its key."""
    async with database.session() as session:
        async with session.begin():
            row = Counter()
            session.add(row)
        return row.id


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (SerializationFailureError(), True),
        (asyncpg.SerializationError("lost"), True),
        (asyncpg.DeadlockDetectedError("lost"), True),
        (DBAPIError("SELECT 1", None, asyncpg.DeadlockDetectedError("lost")), True),
        (DBAPIError("SELECT 1", None, asyncpg.InvalidCachedStatementError("stale")), True),
        (DBAPIError("SELECT 1", None, asyncpg.FeatureNotSupportedError("no such")), False),
        (DBAPIError("SELECT 1", None, asyncpg.UniqueViolationError("taken")), False),
        (ServerUnavailableError(), False),
        (UniqueViolationError(), False),
        (ValueError("a bug"), False),
    ],
)
def test_only_a_lost_race_is_worth_another_attempt(error: Exception, *, verdict: bool) -> None:
    assert is_retryable(error) is verdict


def test_a_refusal_that_a_lost_race_led_to_is_no_lost_race() -> None:
    """Who catches it and raises an answer of its own has decided."""
    with pytest.raises(NotFoundError) as caught:
        raise NotFoundError from SerializationFailureError()
    assert not is_retryable(caught.value)


def test_pauses_are_spread_between_their_bounds() -> None:
    drawn = {draw_pause() for _ in range(100)}
    assert len(drawn) > 90
    assert min(drawn) >= 0.01
    assert max(drawn) <= 0.2


@pytest.mark.parametrize("losses", [0, 1, 2])
async def test_work_that_loses_is_done_once(database: Database, losses: int) -> None:
    async with database.session() as session:
        work = LosingWork(session, losses)
        assert await session.retry(work) == "done"
        assert work.calls == losses + 1
        assert not session.in_transaction()
    assert await stored(database) == [f"{losses + 1}@example.com"]


async def test_the_last_race_lost_is_503_with_retry_after(database: Database) -> None:
    async with database.session() as session:
        work = LosingWork(session, 9)
        with pytest.raises(SerializationFailureError) as caught:
            await session.retry(work, attempts=2)
        assert work.calls == 2
        assert (caught.value.status, caught.value.headers["Retry-After"]) == (503, "1")
        assert not session.in_transaction()
    assert await stored(database) == []


async def test_a_race_lost_on_an_engine_of_others_is_typed_too(database_url: str) -> None:
    from sqlalchemy.ext.asyncio import create_async_engine

    engine = create_async_engine(database_url.replace("postgresql:", "postgresql+asyncpg:"))
    async with Session(engine) as session:
        with pytest.raises(SerializationFailureError):
            await session.retry(LosingWork(session, 9), attempts=2)
    await engine.dispose()


async def test_other_errors_are_raised_at_once(session: Session) -> None:
    calls: list[int] = []

    async def work() -> None:
        calls.append(1)
        raise ServerUnavailableError

    with pytest.raises(ServerUnavailableError):
        await session.retry(work)
    assert calls == [1]


async def test_a_pause_holds_no_connection(database: Database) -> None:
    lent: list[int] = []

    async with database.session() as session:
        losing = LosingWork(session, 1)

        async def work() -> None:
            lent.append(database.pool_status().lent)
            await losing()

        await session.retry(work)
    assert lent == [0, 0]


async def test_true_serialization_failures_are_all_done_or_503(database: Database) -> None:
    """Also when it is COMMIT that is refused."""
    key = await counter(database)

    async def count_up() -> bool:
        async with database.session() as session:

            async def work() -> None:
                await session.connection(execution_options={"isolation_level": "SERIALIZABLE"})
                value = await session.scalar(select(Counter.value).where(Counter.id == key))
                assert value is not None
                changed = update(Counter).where(Counter.id == key).values(value=value + 1)
                await session.execute(changed)

            try:
                await session.retry(work)
            except SerializationFailureError:
                return False
            return True

    outcomes = await asyncio.gather(*(count_up() for _ in range(50)))
    async with database.session() as session:
        assert await session.scalar(VALUE) == sum(outcomes)
    assert sum(outcomes) >= 2


async def test_a_statement_that_a_migration_made_stale_is_prepared_again(
    database: Database, database_url: str
) -> None:
    """An old process goes on while a new release changes its tables."""
    await counter(database)
    everything = text("SELECT * FROM counters")

    async with database.session() as session:

        async def work() -> int:
            return len((await session.execute(everything)).all())

        assert await session.retry(work) == 1
        migrator = await asyncpg.connect(dsn(database_url))
        await migrator.execute("ALTER TABLE counters ADD COLUMN extra text")
        await migrator.close()
        assert await session.retry(work) == 1


async def test_write_skew_is_refused_at_commit_and_done_again(database: Database) -> None:
    """Each of two reads what the other writes: no row in common, so only COMMIT can tell."""
    keys = [await counter(database), await counter(database)]
    together = asyncio.Barrier(2)
    calls: list[int] = []

    async def count(own: int) -> None:
        async with database.session() as session:
            first = True

            async def work() -> None:
                nonlocal first
                calls.append(own)
                await session.connection(execution_options={"isolation_level": "SERIALIZABLE"})
                total = await session.scalar(VALUE)
                if first:
                    first = False
                    await together.wait()
                await session.execute(
                    update(Counter).where(Counter.id == own).values(value=(total or 0) + 1)
                )

            await session.retry(work)

    await asyncio.gather(*(count(key) for key in keys))
    assert len(calls) == 3
    async with database.session() as session:
        assert await session.scalar(VALUE) == 3


async def test_a_deadlock_is_resolved(database: Database) -> None:
    one, two = await counter(database), await counter(database)
    together = asyncio.Barrier(2)

    async def both(first: int, second: int) -> None:
        async with database.session() as session:
            met = False

            async def work() -> None:
                nonlocal met
                up = update(Counter).values(value=Counter.value + 1)
                await session.execute(up.where(Counter.id == first))
                if not met:
                    met = True
                    await together.wait()
                await session.execute(up.where(Counter.id == second))

            await session.retry(work)

    await asyncio.gather(both(one, two), both(two, one))
    async with database.session() as session:
        assert await session.scalar(VALUE) == 4


async def test_each_attempt_begins_with_an_empty_session(database: Database) -> None:
    """So that it reads anew what it decides by; what was read before stays readable."""
    async with database.session() as session:
        async with session.begin():
            session.add(Author(name="Grace", email="grace@example.com"))
        grace = await session.scalar(select(Author))
        seen: list[list[object]] = []
        losing = LosingWork(session, 1)

        async def work() -> None:
            seen.append([*session.new, *session.identity_map.values()])
            await losing()

        await session.retry(work)
        assert seen == [[], []]
        assert grace is not None
        assert grace.name == "Grace"


async def test_a_change_of_what_was_read_before_is_refused(session: Session) -> None:
    """At the first attempt, where it is seen, and not only when it is lost."""
    async with session.begin():
        session.add(Author(name="Grace", email="grace@example.com"))
    grace = await session.scalar(select(Author))
    assert grace is not None

    async def work() -> None:
        grace.name = "Amazing Grace"

    with pytest.raises(ConfigurationError, match="read before it: Author"):
        await session.retry(work)


async def test_changes_made_before_are_refused(session: Session) -> None:
    session.add(Author(name="Ada", email="ada@example.com"))
    with pytest.raises(ConfigurationError, match="new Author"):
        await session.retry(LosingWork(session, 0))


async def test_no_attempt_at_all_is_refused(session: Session) -> None:
    with pytest.raises(ConfigurationError, match="attempts=0"):
        await session.retry(LosingWork(session, 0), attempts=0)


async def test_inside_a_unit_it_leaves_the_race_to_the_outer_unit(database: Database) -> None:
    async with database.session() as session:
        work = LosingWork(session, 1)

        async def outer() -> None:
            await session.retry(work)

        await session.retry(outer)
        assert work.calls == 2
    assert await stored(database) == ["2@example.com"]


async def test_inside_a_unit_it_is_a_savepoint(database: Database) -> None:
    async with database.session() as session, session.begin():
        session.add(Author(name="Ada", email="ada@example.com"))
        with pytest.raises(SerializationFailureError):
            await session.retry(LosingWork(session, 9))
    assert await stored(database) == ["ada@example.com"]


async def test_hooks_of_lost_attempts_do_not_run(session: Session) -> None:
    told: list[int] = []
    losing = LosingWork(session, 2)

    async def work() -> None:
        async def tell() -> None:
            told.append(losing.calls)

        session.after_commit(tell)
        await losing()

    await session.retry(work)
    assert told == [3]


async def test_a_pool_of_one_is_enough(database_url: str, settings: Settings) -> None:
    """Also when the session has read before, as a dependency that authenticates does."""
    narrow = settings.model_copy(update={"database_pool_size": 1})
    database = Database(database_url, narrow, metadata=metadata)

    async def lose_once() -> None:
        async with database.session() as session:
            await session.scalar(VALUE)
            calls: list[int] = []

            async def work() -> None:
                session.add(Counter(value=1))
                await session.flush()
                calls.append(1)
                if len(calls) == 1:
                    await session.execute(text(RACE))

            await session.retry(work)

    await asyncio.gather(*(lose_once() for _ in range(5)))
    async with database.session() as session:
        assert await session.scalar(VALUE) == 5
    await database.close()
