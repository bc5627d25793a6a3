"""Writes that stay although the unit around them is refused."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from fastgres.db import Database, Session, translate
from fastgres.errors import (
    ConfigurationError,
    PoolExhaustedError,
    RowLockedError,
    UniqueViolationError,
)
from tests.models import Author, metadata

if TYPE_CHECKING:
    from fastgres.settings import Settings


def named(name: str) -> Author:
    return Author(name=name, email=f"{name}@example.com")


async def names(database: Database) -> list[str]:
    async with database.session() as session:
        return list(await session.scalars(select(Author.name).order_by(Author.name)))


@pytest.mark.clone
class TestIndependent:
    async def test_stays_although_the_unit_around_it_is_refused(self, database: Database) -> None:
        async with database.session() as session:
            with pytest.raises(PermissionError):
                async with session.begin():
                    session.add(named("outer"))
                    await session.flush()
                    async with session.independent() as own:
                        own.add(named("audit"))
                    raise PermissionError
        assert await names(database) == ["audit"]

    async def test_is_committed_when_its_block_ends(self, database: Database) -> None:
        async with database.session() as session, session.begin():
            async with session.independent() as own:
                own.add(named("audit"))
            assert await names(database) == ["audit"]

    async def test_an_error_inside_rolls_back_it_alone(self, database: Database) -> None:
        async with database.session() as session, session.begin():
            session.add(named("outer"))
            with pytest.raises(ZeroDivisionError):
                async with session.independent() as own:
                    own.add(named("audit"))
                    await own.flush()
                    raise ZeroDivisionError
        assert await names(database) == ["outer"]

    async def test_its_refused_commit_is_raised(self, database: Database) -> None:
        async with database.session() as session:
            async with session.begin():
                session.add(named("audit"))
            with pytest.raises(UniqueViolationError):
                async with session.independent() as own:
                    own.add(named("audit"))

    async def test_does_not_see_what_the_outer_unit_has_not_committed(
        self, database: Database
    ) -> None:
        async with database.session() as session, session.begin():
            session.add(named("outer"))
            await session.flush()
            async with session.independent() as own:
                assert await own.scalar(select(Author.name)) is None

    async def test_runs_its_own_hooks_at_its_own_commit(self, database: Database) -> None:
        told: list[str] = []

        async def tell() -> None:
            told.append("committed")

        async with database.session() as session, session.begin():
            async with session.independent() as own:
                own.after_commit(tell)
            assert told == ["committed"]

    async def test_takes_no_connection_of_the_pool(self, database: Database) -> None:
        async with database.session() as session:
            await session.scalar(select(1))
            async with session.independent() as own:
                await own.scalar(select(1))
                assert database.pool_status().lent == 1

    async def test_many_requests_with_both_end_although_the_pools_are_small(
        self, database_url: str, settings: Settings
    ) -> None:
        """All hold their first connection before any asks for its second."""
        small = {"database_pool_size": 4, "database_independent_pool_size": 1}
        database = Database(database_url, settings.model_copy(update=small), metadata=metadata)
        together = asyncio.Barrier(4)

        async def request(number: int) -> None:
            async with database.session() as session, session.begin():
                session.add(named(f"outer {number}"))
                await session.flush()
                await together.wait()
                async with session.independent() as own:
                    own.add(named(f"audit {number}"))

        await asyncio.gather(*(request(number) for number in range(4)))
        assert len(await names(database)) == 8
        await database.close()

    async def test_one_that_finds_no_connection_is_503(
        self, database_url: str, settings: Settings
    ) -> None:
        small = {"database_pool_timeout": 0.1, "database_independent_pool_size": 1}
        database = Database(database_url, settings.model_copy(update=small), metadata=metadata)
        async with (
            database.session() as one,
            database.session() as two,
            one.independent() as own,
        ):
            await own.scalar(select(1))
            with pytest.raises(PoolTimeoutError) as caught:
                async with two.independent() as late:
                    await late.scalar(select(1))
            assert isinstance(translate(caught.value), PoolExhaustedError)
        await database.close()

    async def test_the_outer_session_may_not_take_its_connection_inside(
        self, database: Database
    ) -> None:
        """Whoever holds a second connection never waits for a first one."""
        async with database.session() as session:
            with pytest.raises(ConfigurationError, match="before it or after it"):
                async with session.independent() as own:
                    own.add(named("audit"))
                    await session.scalar(select(1))
            assert await session.scalar(select(1)) == 1
        assert await names(database) == []

    async def test_the_outer_session_may_go_on_with_the_one_it_has(
        self, database: Database
    ) -> None:
        async with database.session() as session, session.begin():
            await session.scalar(select(1))
            async with session.independent(), session.begin():
                session.add(named("outer"))
        assert await names(database) == ["outer"]

    async def test_one_inside_another_is_refused(self, session: Session) -> None:
        async with session.independent() as own:
            with pytest.raises(ConfigurationError, match="inside an independent unit"):
                async with own.independent():
                    pass

    async def test_a_row_that_the_outer_unit_has_written_is_refused_in_time(
        self, database_url: str, settings: Settings
    ) -> None:
        """The server sees no deadlock: it does not know that one waits for the other."""
        hurried = settings.model_copy(update={"database_lock_timeout": 0.1})
        database = Database(database_url, hurried, metadata=metadata)
        async with database.session() as session:
            async with session.begin():
                session.add(named("row"))
            with pytest.raises(RowLockedError):
                async with session.begin():
                    await session.execute(update(Author).values(name="outer"))
                    async with session.independent() as own:
                        await own.execute(update(Author).values(name="inner"))
        await database.close()

    async def test_leaves_no_connection_behind_when_the_database_closes(
        self, database_url: str, settings: Settings
    ) -> None:
        database = Database(database_url, settings, metadata=metadata)
        async with database.session() as session, session.independent() as own:
            driver = (await (await own.connection()).get_raw_connection()).driver_connection
        await database.close()
        assert driver is not None
        assert driver.is_closed()


async def test_a_session_of_no_database_says_so(database: Database) -> None:
    async with Session(database.engine) as session:
        with pytest.raises(ConfigurationError, match=r"database\.session\(\)"):
            async with session.independent():
                pass


class TestOnOneConnection:
    """Tests that are rolled back have one connection, on which nothing can be independent."""

    async def test_works_after_reads(self, database: Database) -> None:
        async with database.session() as session:
            await session.scalars(select(Author))
            async with session.independent() as own:
                own.add(named("audit"))
            await session.rollback()
            assert await session.scalar(select(Author.name)) == "audit"

    async def test_works_without_a_transaction(self, database: Database) -> None:
        async with database.session() as session, session.independent() as own:
            own.add(named("audit"))
        assert await names(database) == ["audit"]

    async def test_one_inside_another_is_refused_here_too(self, session: Session) -> None:
        async with session.independent() as own:
            with pytest.raises(ConfigurationError, match="inside an independent unit"):
                async with own.independent():
                    pass
