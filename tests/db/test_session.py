"""The session and its unit of work."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.ext.asyncio import async_object_session

from fastgres.db import Session
from fastgres.errors import InvalidTextError
from tests.models import Author, Counter, metadata

if TYPE_CHECKING:
    from fastgres.db import Database

pytestmark = pytest.mark.clone


def ada(email: str = "ada@example.com") -> Author:
    return Author(name="Ada", email=email)


class TestSession:
    async def test_takes_no_connection_before_its_first_statement(self, database: Database) -> None:
        async with database.session() as session:
            assert database.pool_status().lent == 0
            await session.scalar(select(1))
            assert database.pool_status().lent == 1
        assert database.pool_status().lent == 0

    async def test_keeps_attributes_readable_after_a_commit(self, session: Session) -> None:
        author = ada()
        async with session.begin():
            session.add(author)
        assert author.created_at is not None

    async def test_what_the_server_makes_on_update_is_readable(self, session: Session) -> None:
        author = ada()
        async with session.begin():
            session.add(author)
        async with session.begin():
            author.name = "Augusta Ada"
        assert author.updated_at > author.created_at

    async def test_refuses_statements_after_its_close(self, database: Database) -> None:
        session = database.session()
        await session.close()
        with pytest.raises(InvalidRequestError, match="closed"):
            await session.scalar(select(1))

    async def test_makes_its_synchronous_half_at_the_first_use(self, database: Database) -> None:
        async with database.session() as session:
            assert not session.in_transaction()
            assert session.uncommitted() == ()
            assert "sync_session" not in vars(session)
            author = ada()
            session.add(author)
            assert session.in_transaction()
            assert async_object_session(author) is session

    async def test_refuses_statements_after_an_end_without_a_transaction(
        self, database: Database
    ) -> None:
        async with database.session() as session:
            author = ada()
            async with session.begin():
                session.add(author)
            assert not session.in_transaction()
        assert author not in session
        with pytest.raises(InvalidRequestError, match="closed"):
            await session.scalar(select(1))

    async def test_cancellation_in_the_middle_of_its_close_gives_the_connection_back(
        self, database: Database
    ) -> None:
        async def work() -> None:
            async with database.session() as session:
                await session.scalar(select(1))
                current = asyncio.current_task()
                assert current is not None
                current.cancel()

        with pytest.raises(asyncio.CancelledError):
            await asyncio.create_task(work())
        # SQLAlchemy 2.0 goes on closing in a task of its own.
        await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}))
        assert database.pool_status().lent == 0

    async def test_refuses_an_unknown_option_at_once(self, database: Database) -> None:
        with pytest.raises(TypeError, match="unknown"):
            Session(database.engine, unknown=True)

    async def test_has_no_attributes_but_those_of_a_session(self, database: Database) -> None:
        session = database.session()
        with pytest.raises(AttributeError, match="'Session' object has no attribute 'exectue'"):
            session.exectue  # type: ignore[attr-defined]  # noqa: B018  the point


class TestUncommitted:
    async def test_names_what_was_added_and_not_flushed(self, session: Session) -> None:
        session.add(ada())
        assert session.uncommitted() == ("new Author",)

    async def test_names_what_was_flushed(self, session: Session) -> None:
        session.add(ada())
        await session.flush()
        assert session.uncommitted() == ("new Author",)

    async def test_names_what_was_changed_and_deleted(self, session: Session) -> None:
        first, second = ada(), ada("grace@example.com")
        async with session.begin():
            session.add_all([first, second])
        first.name = "Augusta"
        await session.delete(second)
        assert session.uncommitted() == ("changed Author", "deleted Author")
        await session.flush()
        assert set(session.uncommitted()) == {"changed Author", "deleted Author"}

    async def test_a_value_set_to_what_it_was_is_no_change(self, session: Session) -> None:
        author = ada()
        async with session.begin():
            session.add(author)
        author.name = "Ada"
        assert session.uncommitted() == ()

    @pytest.mark.parametrize(
        ("statement", "words"),
        [
            (insert(Author).values(name="A", email="a@example.com"), "insert of authors"),
            (update(Author).values(name="B"), "update of authors"),
            (delete(Author), "delete of authors"),
            (metadata.tables["authors"].update().values(name="B"), "update of authors"),
            (text("update authors set name = 'B'"), "update in SQL text"),
        ],
    )
    async def test_names_statements_that_write(
        self, session: Session, statement: object, words: str
    ) -> None:
        await session.execute(statement)  # type: ignore[call-overload]  # one of several kinds
        assert session.uncommitted() == (words,)

    async def test_is_empty_after_reads(self, session: Session) -> None:
        await session.scalars(select(Author))
        assert session.uncommitted() == ()

    async def test_is_empty_after_a_commit_and_after_a_rollback(self, session: Session) -> None:
        async with session.begin():
            session.add(ada())
        assert session.uncommitted() == ()
        session.add(ada("grace@example.com"))
        await session.flush()
        await session.rollback()
        assert session.uncommitted() == ()

    async def test_a_released_savepoint_is_not_yet_committed(self, session: Session) -> None:
        async with session.begin():
            async with session.begin():
                session.add(ada())
            assert session.uncommitted() == ("new Author",)
        assert session.uncommitted() == ()

    @pytest.mark.parametrize(
        "unseen",
        [
            "WITH one AS (INSERT INTO counters (value) VALUES (1) RETURNING id) SELECT id FROM one",
            "-- a comment first\nINSERT INTO counters (value) VALUES (1)",
            "TRUNCATE counters",
        ],
    )
    async def test_the_server_knows_of_writes_that_sqlalchemy_does_not_see(
        self, session: Session, unseen: str
    ) -> None:
        await session.execute(text(unseen))
        assert session.uncommitted() == ()
        assert await session.find_uncommitted() == ("a write that SQLAlchemy did not see",)

    async def test_the_server_knows_of_writes_on_the_raw_connection(self, session: Session) -> None:
        connection = await session.connection()
        await connection.execute(insert(Counter))
        assert await session.find_uncommitted() == ("a write that SQLAlchemy did not see",)

    async def test_the_server_is_not_asked_without_a_transaction(self, session: Session) -> None:
        assert await session.find_uncommitted() == ()
        assert not session.in_transaction()

    async def test_reads_are_nothing_for_the_server(self, session: Session) -> None:
        await session.scalars(select(Author))
        assert await session.find_uncommitted() == ()

    async def test_a_broken_transaction_has_nothing_to_lose(self, session: Session) -> None:
        with pytest.raises(InvalidTextError):
            await session.scalar(select(Author).where(Author.name == "\0"))
        assert await session.find_uncommitted() == ()
