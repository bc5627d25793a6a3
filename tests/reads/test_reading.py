"""Running a plan: one statement, where it runs, and what is kept of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pydantic import create_model
from sqlalchemy import Integer, delete, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from fastgres.reads import (
    Call,
    Given,
    PageOrder,
    PlannedRead,
    ReadPlan,
    Reads,
    Rows,
    parameter,
)
from fastgres.reads.reading import MOST_TEMPLATES
from tests.models import Author, Book
from tests.reads.shelf import AuthorRead, BookRead, LoudTitle, Shown, Title, stock
from tests.reads.wire import overheard

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from fastgres.db import Database, Session
    from fastgres.settings import Settings

TITLES = Reads(Book, Title)
BOOKS = Reads(Book, BookRead)
BY_TITLE = PageOrder([(Book.title, False)])


def page_call(size: int = 2) -> Call:
    """Make the call of a page by title."""

    def rows(given: Given) -> Rows:
        return Rows(where=given.where, order_by=[Book.title], limit=parameter("size", Integer()))

    given = Given.of([Book.price > 0])
    return Call("by title", rows, {"size": size}, given)


async def filled(database: Database) -> None:
    """Commit three books."""
    async with database.session() as session, session.begin():
        await stock(session)


class TestOutside:
    """Outside a transaction: one round trip on an idle connection, and nothing stays open."""

    @pytest.mark.clone
    async def test_one_statement(self, database_url: str, settings: Settings) -> None:
        """Whatever is asked for, nested objects and count included, and nothing around it."""
        read = PlannedRead.of(BOOKS.plan)
        calls: list[Callable[[Any], Awaitable[Any]]] = [
            lambda source: BOOKS.one(source, Book.title == "Book 1"),
            lambda source: BOOKS.first(source, Book.author.has(), order_by=[Book.price]),
            lambda source: BOOKS.list(source, Book.copies.any(), limit=5),
            lambda source: read.page(source, page_call(), BY_TITLE, count=True),
        ]
        async with overheard(database_url, settings) as (database, said):
            await filled(database)
            async with database.session() as session:
                for source in (database.engine, session):
                    for call in calls:
                        said.clear()
                        await call(source)
                        assert [each[:7] for each in said] == ["SELECT "]

    @pytest.mark.clone
    async def test_no_transaction_is_begun(self, database: Database) -> None:
        """Neither by the session nor on the server."""
        await filled(database)
        async with database.session() as session:
            await BOOKS.list(session)
            await PlannedRead.of(BOOKS.plan).page(session, page_call(), BY_TITLE, count=True)
            assert not session.in_transaction()
            assert database.pool_status().lent == 0
            assert await states(database) == {"idle"}

    @pytest.mark.clone
    async def test_change_begins_a_transaction(self, database: Database) -> None:
        """With SQLAlchemy any change does, so that none goes unseen; nobody else sees it."""
        async with database.session() as session:
            async with session.begin():
                (book,) = await stock(session, 1)
            assert not session.in_transaction()
            session.add(Author(name="Eve", email="eve@example.com"))
            assert len((await Reads(Author, AuthorRead).list(session)).value()) == 2
            await session.commit()
            book.title = "New"
            assert (await TITLES.list(session)).body == b'[{"title":"New"}]'
            assert (await TITLES.list(database.engine)).body == b'[{"title":"Book 0"}]'

    @pytest.mark.clone
    async def test_any_session_will_do(self, database: Database) -> None:
        """Also one that is not of our making."""
        await filled(database)
        async with AsyncSession(database.engine) as session:
            assert len((await TITLES.list(session)).value()) == 3
            assert not session.in_transaction()


async def states(database: Database) -> set[str]:
    """Return the states of the connections, as the server knows them, but of the one asking."""
    async with database.engine.connect() as connection:
        found = await connection.scalars(
            text(
                "SELECT state FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )
        )
        return set(found) or {"idle"}


class TestInside:
    """In a transaction: on its connection, and with its writes."""

    @pytest.mark.parametrize("reads", [TITLES, Reads(Book, Title, force_loaded=True)])
    @pytest.mark.clone
    async def test_uncommitted_and_unflushed_writes_are_seen(
        self, database: Database, reads: Reads[Title]
    ) -> None:
        """By the session that wrote them, and by nobody else."""
        async with database.session() as session, session.begin():
            books = await stock(session)
            books[0].title = "New"
            book = Book(author_id=books[0].author_id, title="Newer", isbn="new", price=9)
            session.add(book)
            assert book in session.new
            titles = {each.title for each in (await reads.list(session)).value()}
            assert titles == {"New", "Newer", "Book 1", "Book 2"}
            one = await reads.one(session, Book.isbn == "new")
            assert one.value().title == "Newer"
            await session.execute(delete(Book).where(Book.title == "Newer"))
            assert (await reads.first(session, Book.isbn == "new")).value() is None
            assert (await reads.list(database.engine)).value() == []
            assert session.in_transaction()

    async def test_without_autoflush_what_was_flushed_is_seen(self, session: Session) -> None:
        """As everywhere."""
        (book,) = await stock(session, 1)
        with session.no_autoflush:
            book.title = "New"
            for reads in (TITLES, Reads(Book, Title, force_loaded=True)):
                assert (await reads.list(session)).body == b'[{"title":"Book 0"}]'
        assert book.title == "New"

    @pytest.mark.clone
    async def test_one_statement(self, database_url: str, settings: Settings) -> None:
        """Beside those of the unit itself."""
        async with overheard(database_url, settings) as (database, said):
            await filled(database)
            async with database.session() as session, session.begin():
                await session.execute(select(1))
                said.clear()
                await BOOKS.list(session)
                await PlannedRead.of(BOOKS.plan).page(session, page_call(), BY_TITLE, count=True)
                assert [each[:7] for each in said] == ["SELECT "] * 2

    @pytest.mark.clone
    async def test_connection(self, database: Database) -> None:
        """In the transaction that is open on it."""
        async with database.engine.connect() as connection:
            async with AsyncSession(connection) as session:
                await stock(session)
                for reads in (TITLES, Reads(Book, Title, force_loaded=True)):
                    assert len((await reads.list(connection)).value()) == 3
                    assert (await reads.list(database.engine)).value() == []
            await connection.rollback()

    async def test_session_keeps_no_half_loaded_rows(self, session: Session) -> None:
        """What was read for a response is not what an entity of the session looks like."""
        (book,) = await stock(session, 1)
        session.expunge_all()
        await Reads(Book, LoudTitle).one(session, Book.id == book.id)
        assert not list(session.sync_session.identity_map.values())
        found = await session.get_one(Book, book.id)
        assert found.isbn == "isbn-0"


class TestKept:
    """Statements are compiled once and kept."""

    async def test_statement_is_compiled_once(self, session: Session) -> None:
        """For each shape of what is asked."""
        reads = Reads(Book, create_model("Once", __base__=Title))
        await stock(session)
        for number in range(3):
            await reads.list(session, Book.price > number, limit=number + 1)
            await reads.one(session, Book.title == f"Book {number}")
            await reads.first(session)
        kept = reads._read._templates
        assert len(kept) == 3
        before = list(kept.values())
        await reads.list(session, Book.price > 7)
        assert list(reads._read._templates.values()) == before

    def test_the_same_pair_shares_its_statements(self) -> None:
        """Wherever it is used."""
        assert Reads(Book, Title)._read is Reads(Book, Title)._read
        assert PlannedRead.of(ReadPlan.of(Book, Title)) is Reads(Book, Title)._read
        assert Reads(Book, Title, include_deleted=True)._read is not Reads(Book, Title)._read
        assert Reads(Book, Title, force_loaded=True)._read is not Reads(Book, Title)._read

    async def test_their_number_is_bounded(self, session: Session) -> None:
        """Of conditions that are ever new, the oldest are forgotten, and all are right."""
        await stock(session)
        reads = Reads(Book, create_model("Bounded", __base__=Title))
        await reads.list(session, Book.price > 2)
        known = next(iter(reads._read._templates))
        template = reads._read._templates[known]
        reads._read._templates |= {("other", n): template for n in range(MOST_TEMPLATES)}
        shown = await reads.list(session, Book.price > 2, Book.price < 9)
        assert [each.title for each in shown.value()] == ["Book 2"]
        assert len(reads._read._templates) <= MOST_TEMPLATES + 1
        assert known not in reads._read._templates
        again = await reads.list(session, Book.price > 1)
        assert [each.title for each in again.value()] == ["Book 1", "Book 2"]


async def test_rows_of_a_call_may_depend_on_its_conditions_alone(session: Session) -> None:
    """They are made when the statement is compiled, and not again."""
    await stock(session)
    made: list[Given] = []

    def rows(given: Given) -> Rows:
        made.append(given)
        return Rows(where=given.where)

    read = PlannedRead.of(ReadPlan.of(Book, create_model("Lazy", __base__=Title)))
    for title in ("Book 0", "Book 1"):
        found = await read.first(session, Call("lazy", rows, given=Given.of([Book.title == title])))
        assert found is not None
        assert found.body == b'{"title":"%b"}' % title.encode()
    assert len(made) == 1


async def test_one_row_is_as_good_as_another_when_not_told(session: Session) -> None:
    """A page without keys has no ends to go on from."""
    await stock(session)
    read = PlannedRead.of(
        ReadPlan.of(Book, create_model("Unkeyed", __base__=Shown, title=(str, ...)))
    )
    page = await read.page(session, page_call(), PageOrder(()), count=False)
    assert (page.first, page.last, page.count, page.more) == ((), (), 2, True)


async def test_values_of_a_page(session: Session) -> None:
    """The objects, as the model."""
    await stock(session)
    for model in (Title, LoudTitle):
        read: Any = PlannedRead.of(ReadPlan.of(Book, model))
        page = await read.page(session, page_call(), BY_TITLE, count=False)
        assert [type(each) for each in read.values(page)] == [model] * 2
        assert [each.title for each in read.values(page)] == ["Book 0", "Book 1"]
