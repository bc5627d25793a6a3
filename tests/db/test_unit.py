"""The unit of work: what it commits, and what it rolls back."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from fastgres.errors import ConfigurationError, LostCommitError, UniqueViolationError
from tests.models import Author

if TYPE_CHECKING:
    from fastgres.db import Database, Session

pytestmark = pytest.mark.clone


def ada(email: str = "ada@example.com") -> Author:
    return Author(name="Ada", email=email)


async def stored(database: Database) -> list[str]:
    """What another connection sees."""
    async with database.session() as session:
        return list(await session.scalars(select(Author.email).order_by(Author.email)))


class TestUnitOfWork:
    async def test_commits_when_its_block_ends(self, database: Database) -> None:
        async with database.session() as session, session.begin():
            session.add(ada())
        assert await stored(database) == ["ada@example.com"]

    async def test_rolls_back_when_an_error_leaves_it(self, database: Database) -> None:
        async with database.session() as session:
            with pytest.raises(ZeroDivisionError):
                async with session.begin():
                    session.add(ada())
                    await session.flush()
                    raise ZeroDivisionError
            assert not session.in_transaction()
        assert await stored(database) == []

    async def test_adopts_a_transaction_that_a_read_has_opened(self, database: Database) -> None:
        async with database.session() as session:
            await session.scalar(select(func.count()).select_from(Author))
            assert session.in_transaction()
            async with session.begin():
                session.add(ada())
            assert not session.in_transaction()
        assert await stored(database) == ["ada@example.com"]

    async def test_an_error_rolls_an_adopted_transaction_back(self, database: Database) -> None:
        async with database.session() as session:
            await session.scalar(select(1))
            with pytest.raises(ZeroDivisionError):
                async with session.begin():
                    session.add(ada())
                    await session.flush()
                    raise ZeroDivisionError
            assert not session.in_transaction()
        assert await stored(database) == []

    async def test_a_commit_that_fails_leaves_an_adopted_transaction_closed(
        self, database: Database
    ) -> None:
        async with database.session() as session:
            async with session.begin():
                session.add(ada())
            await session.scalar(select(1))
            with pytest.raises(UniqueViolationError):
                async with session.begin():
                    session.add(ada())
            assert not session.in_transaction()
            assert await session.scalar(select(func.count()).select_from(Author)) == 1

    async def test_inside_another_is_a_savepoint(self, database: Database) -> None:
        async with database.session() as session, session.begin():
            session.add(ada())
            with pytest.raises(UniqueViolationError):
                async with session.begin():
                    session.add(ada())
            session.add(ada("grace@example.com"))
        assert await stored(database) == ["ada@example.com", "grace@example.com"]

    async def test_a_savepoint_is_lost_with_the_outer_unit(self, database: Database) -> None:
        async with database.session() as session:
            with pytest.raises(ZeroDivisionError):
                async with session.begin():
                    async with session.begin():
                        session.add(ada())
                    raise ZeroDivisionError
        assert await stored(database) == []

    async def test_follows_another_on_the_same_session(self, database: Database) -> None:
        async with database.session() as session:
            for email in ("a@example.com", "b@example.com"):
                async with session.begin():
                    session.add(ada(email))
        assert await stored(database) == ["a@example.com", "b@example.com"]

    async def test_tells_whether_it_is_open(self, session: Session) -> None:
        async with session.begin():
            async with session.begin():
                assert session.in_unit
            assert session.in_unit
        assert not session.in_unit

    async def test_cancellation_rolls_back_and_gives_the_connection_back(
        self, database: Database
    ) -> None:
        inside = asyncio.Event()

        async def slow() -> None:
            async with database.session() as session, session.begin():
                session.add(ada())
                await session.flush()
                inside.set()
                await session.execute(text("SELECT pg_sleep(30)"))

        task = asyncio.create_task(slow())
        await inside.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert database.pool_status().lent == 0
        assert await stored(database) == []

    async def test_cannot_be_begun_without_an_end(self, session: Session) -> None:
        with pytest.raises(ConfigurationError, match=r"async with session\.begin"):
            await session.begin()
        assert not session.in_unit

    @pytest.mark.parametrize("adopted", [False, True])
    async def test_a_swallowed_error_of_a_statement_is_no_commit(
        self, database: Database, *, adopted: bool
    ) -> None:
        """PostgreSQL answers such a COMMIT with ROLLBACK, and nobody below us tells."""
        async with database.session() as session:
            if adopted:
                await session.scalar(select(1))
            with pytest.raises(LostCommitError, match="a savepoint"):
                async with session.begin():
                    session.add(ada())
                    await session.flush()
                    with pytest.raises(DBAPIError):
                        await session.execute(text("SELECT 1 / 0"))
            assert not session.in_transaction()
            async with session.begin():
                session.add(ada("grace@example.com"))
        assert await stored(database) == ["grace@example.com"]

    async def test_an_error_swallowed_around_a_savepoint_spoils_nothing(
        self, database: Database
    ) -> None:
        async with database.session() as session, session.begin():
            session.add(ada())
            with pytest.raises(DBAPIError):
                async with session.begin():
                    await session.execute(text("SELECT 1 / 0"))
        assert await stored(database) == ["ada@example.com"]
