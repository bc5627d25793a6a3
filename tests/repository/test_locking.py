"""Rows locked for the transaction, with two connections where it matters."""

from __future__ import annotations

import asyncio
from uuid import UUID, uuid4

import pytest
from sqlalchemy import event
from sqlalchemy.orm import joinedload

from fastgres.db import Database, Session
from fastgres.errors import NotFoundError, RowLockedError
from tests.models import Book, Copy
from tests.repository.books import AuthorRepository, BookRepository, CopyRepository, book, shelve


@pytest.fixture
async def keys(database: Database) -> list[UUID]:
    """Commit three books and return their keys."""
    async with database.session() as session:
        rows = await shelve(session, *(book(n) for n in range(3)))
        await session.commit()
        return [row.id for row in rows]


async def test_lock_returns_the_entity_or_not_found(session: Session) -> None:
    """As `get` does."""
    (first,) = await shelve(session, book(1))
    books = BookRepository(session)
    assert await books.get_for_update(first.id) is first
    with pytest.raises(NotFoundError):
        await books.get_for_update(uuid4())
    with pytest.raises(NotFoundError):
        await books.get_for_update(first.id, Book.price > 100)


async def test_lock_with_joined_options(session: Session) -> None:
    """Only the rows of the class are locked; an outer join could not be."""

    class Loading(BookRepository):
        default_options = (joinedload(Book.author),)

    (first,) = await shelve(session, book(1))
    assert (await Loading(session).get_for_update(first.id)).author.name == "Ada"
    authors = AuthorRepository(session)
    options = [joinedload(type(first.author).books)]
    assert (await authors.get_for_update(first.author_id, options=options)).books == [first]


@pytest.mark.clone
async def test_locked_row_is_refused_skipped_or_waited_for(
    database: Database, keys: list[UUID]
) -> None:
    """The three ways to meet a row that somebody else holds."""
    async with database.session() as holder, database.session() as session:
        held = await BookRepository(holder).get_for_update(keys[1])
        books = BookRepository(session)
        with pytest.raises(RowLockedError):
            await books.get_for_update(keys[1], locked="nowait")
        await session.rollback()
        free = await books.get_many_for_update(keys, locked="skip")
        assert [row.id for row in free] == [keys[0], keys[2]]
        assert [row.id for row in await books.list_for_update(limit=9)] == sorted(
            [keys[0], keys[2]]
        )
        await session.rollback()
        waiting = asyncio.create_task(books.get_for_update(keys[1]))
        held.pages = 77
        await holder.flush()
        assert not waiting.done()
        await holder.commit()
        assert (await waiting).pages == 77


@pytest.mark.clone
async def test_locked_row_is_read_anew(database: Database, keys: list[UUID]) -> None:
    """What the session remembers from before the lock is not what is true."""
    async with database.session() as session, database.session() as other:
        books = BookRepository(session)
        remembered = await books.get(keys[0])
        await BookRepository(other).update_where(Book.id == keys[0], values={"pages": 5})
        await other.commit()
        assert (await books.get(keys[0])).pages is None
        assert (await books.get_for_update(keys[0])).pages == 5
        assert remembered.pages == 5


@pytest.mark.clone
async def test_lock_lets_others_refer_to_the_row(database: Database, keys: list[UUID]) -> None:
    """FOR UPDATE would make every insert of a child wait (rule S23)."""
    async with database.session() as holder, database.session() as session:
        await BookRepository(holder).get_for_update(keys[0])
        copies = CopyRepository(session)
        copy = await copies.add(Copy(book_id=keys[0], number=1, shelf="A"))
        assert copy.book_id == keys[0]


async def test_rows_are_locked_in_one_order_and_weakly(session: Session) -> None:
    """By primary key, so that no two callers wait for each other, and FOR NO KEY UPDATE."""
    statements: list[str] = []
    first, second = await shelve(session, book(1), book(2))
    connection = (await session.connection()).sync_connection
    event.listen(
        connection, "before_cursor_execute", lambda *arguments: statements.append(arguments[2])
    )
    books = BookRepository(session)
    await books.get_many_for_update([second.id, first.id])
    await books.list_for_update(limit=2, locked="wait")
    assert len(statements) == 2
    for statement in statements:
        assert "ORDER BY books.id" in statement
        assert statement.endswith("FOR NO KEY UPDATE OF books")


@pytest.mark.clone
async def test_workers_share_rows_without_waiting(database: Database, keys: list[UUID]) -> None:
    """Each gets rows of its own."""
    async with database.session() as one, database.session() as other:
        first = await BookRepository(one).list_for_update(limit=2)
        second = await BookRepository(other).list_for_update(limit=2)
        assert {row.id for row in first} | {row.id for row in second} == set(keys)
        assert (len(first), len(second)) == (2, 1)


async def test_missing_rows_are_named_or_skipped(session: Session) -> None:
    """As `get_many` does; rows come in the order of the keys."""
    one, two = await shelve(session, book(1), book(2))
    books = BookRepository(session)
    missing = uuid4()
    with pytest.raises(NotFoundError, match=str(missing)):
        await books.get_many_for_update([one.id, missing])
    found = await books.get_many_for_update([two.id, missing, one.id], skip_missing=True)
    assert found == [two, one]
    assert await books.get_many_for_update([]) == []


async def test_deleted_rows_are_not_locked(session: Session) -> None:
    """They are not there."""
    (first,) = await shelve(session, book(1))
    books = BookRepository(session)
    await books.soft_delete(first)
    with pytest.raises(NotFoundError):
        await books.get_for_update(first.id)
    with pytest.raises(NotFoundError):
        await books.get_many_for_update([first.id])


async def test_deleted_rows_are_locked_when_asked_for(session: Session) -> None:
    """What was deleted may still have to be settled."""
    first, second = await shelve(session, book(1), book(2))
    books = BookRepository(session)
    await books.soft_delete(first)
    assert await books.get_for_update(first.id, include_deleted=True) is first
    keys = [second.id, first.id]
    assert await books.get_many_for_update(keys, include_deleted=True) == [second, first]
    assert await books.list_for_update(limit=9) == [second]
    listed = await books.list_for_update(limit=9, include_deleted=True)
    assert {each.id for each in listed} == {first.id, second.id}
