"""INSERT ... ON CONFLICT."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from fastgres.db import Session
from fastgres.errors import ConfigurationError, InvalidValueError, UnknownNameError
from tests.models import Author, Book, Genre
from tests.repository.books import AuthorRepository, BookRepository, an_author, book, shelve


async def test_upsert_inserts_and_updates(session: Session) -> None:
    """The columns to update are chosen, the others keep their value."""
    (first,) = await shelve(session, book(1, pages=7))
    books = BookRepository(session)
    rows = [
        book(1, title="Other", pages=9, genre=Genre.ESSAY) | {"author_id": first.author_id},
        book(2, title="New", pages=3, genre=Genre.POETRY) | {"author_id": first.author_id},
    ]
    written = await books.upsert(rows, conflict=[Book.isbn], update=[Book.pages])
    assert {each.isbn for each in written} == {"isbn-1", "isbn-2"}
    assert first in written
    assert (first.title, first.pages, first.genre) == ("Book 001", 9, Genre.NOVEL)
    new = await books.first_by(Book.isbn == "isbn-2")
    assert new is not None
    assert (new.title, new.genre, new.id.version) == ("New", Genre.POETRY, 7)


async def test_upsert_that_updates_nothing(session: Session) -> None:
    """A row that is there stays, and is not returned."""
    (first,) = await shelve(session, book(1))
    rows = [book(n, title=f"T{n}") | {"author_id": first.author_id} for n in (1, 2)]
    written = await BookRepository(session).upsert(rows, conflict=[Book.isbn], update=[])
    assert [each.isbn for each in written] == ["isbn-2"]
    assert first.title == "Book 001"


async def test_upsert_keeps_updated_at_true(session: Session) -> None:
    """SQLAlchemy leaves `onupdate` out of ON CONFLICT; here it is set."""
    (first,) = await shelve(session, book(1))
    await session.execute(text("UPDATE books SET updated_at = '2000-01-01'"))
    row = book(1, pages=1) | {"author_id": first.author_id}
    await BookRepository(session).upsert([row], conflict=[Book.isbn], update=[Book.pages])
    assert first.updated_at == first.created_at


async def test_upsert_names_the_condition_of_a_partial_index(session: Session) -> None:
    """The e-mail is unique among the living: a deleted author is no conflict."""
    authors = AuthorRepository(session)
    ada = await authors.soft_delete(await an_author(session))
    row = {"name": "Ada the Second", "email": ada.email}
    (second,) = await authors.upsert([row], conflict=[Author.email], update=[Author.name])
    assert second is not ada
    (same,) = await authors.upsert(
        [row | {"name": "Ada II"}], conflict=[Author.email], update=[Author.name]
    )
    assert same is second
    assert second.name == "Ada II"


async def test_upsert_brings_a_deleted_row_back(session: Session) -> None:
    """The ISBN is unique among all books: success with a row that nobody sees would be a lie."""
    (first,) = await shelve(session, book(1, pages=7))
    books = BookRepository(session)
    await books.soft_delete(first)
    row = book(1, pages=9) | {"author_id": first.author_id}
    (same,) = await books.upsert([row], conflict=[Book.isbn], update=[Book.pages])
    assert same is first
    assert same.deleted_at is None
    assert (await books.get(first.id)).pages == 9


async def test_upsert_that_sets_the_time_of_deletion_is_obeyed(session: Session) -> None:
    """Rows copied from elsewhere may be deleted there."""
    (first,) = await shelve(session, book(1))
    books = BookRepository(session)
    row = book(1, deleted_at=first.created_at) | {"author_id": first.author_id}
    (same,) = await books.upsert([row], conflict=[Book.isbn], update=[Book.deleted_at])
    assert same.deleted_at == first.created_at


async def test_upsert_that_updates_nothing_leaves_a_deleted_row_deleted(session: Session) -> None:
    """It is neither changed nor returned."""
    (first,) = await shelve(session, book(1))
    books = BookRepository(session)
    await books.soft_delete(first)
    row = book(1) | {"author_id": first.author_id}
    assert await books.upsert([row], conflict=[Book.isbn], update=[]) == []
    assert await books.find(first.id) is None


async def test_upsert_on_several_columns(session: Session) -> None:
    """A constraint of two columns, named in any order."""
    (first,) = await shelve(session, book(1))
    row = book(1, isbn="other", pages=5) | {"author_id": first.author_id}
    (same,) = await BookRepository(session).upsert(
        [row], conflict=[Book.title, Book.author_id], update=[Book.pages]
    )
    assert same is first
    assert same.pages == 5


async def test_upsert_on_what_is_not_unique_is_refused(session: Session) -> None:
    """Before PostgreSQL refuses it, with the targets there are (rule Q09)."""
    await an_author(session)
    expected = r"No unique index of books is on \(price\).*There are: .*\(isbn\)"
    with pytest.raises(ConfigurationError, match=expected):
        await BookRepository(session).upsert([book(1)], conflict=[Book.price], update=[])


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{"isbn": "1", "titel": "x"}], "did you mean 'title'"),
        ([{"isbn": "1", "title": "x"}, {"isbn": "2"}], "name different columns"),
        ([{"isbn": "1"}], "needs Book.title"),
        ([{"title": "x"}], "needs Book.isbn"),
    ],
)
async def test_rows_that_do_not_fit_are_refused(
    session: Session, rows: list[dict[str, Any]], message: str
) -> None:
    """The developer's mistakes, told as such."""
    await an_author(session)
    with pytest.raises((ConfigurationError, UnknownNameError), match=message):
        await BookRepository(session).upsert(rows, conflict=[Book.isbn], update=[Book.title])


async def test_two_rows_that_are_one_are_refused(session: Session) -> None:
    """PostgreSQL would call it a cardinality violation, and the client a server error."""
    author = await an_author(session)
    rows = [book(1, title=t) | {"author_id": author.id} for t in ("a", "b")]
    with pytest.raises(InvalidValueError, match="Two rows have the same isbn"):
        await BookRepository(session).upsert(rows, conflict=[Book.isbn], update=[Book.title])


async def test_upsert_of_many_rows_is_cut_into_statements(session: Session) -> None:
    """More values than a statement has parameters (rule Q16)."""
    author = await an_author(session)
    rows = [book(n) | {"author_id": author.id} for n in range(9_000)]
    books = BookRepository(session)
    assert len(await books.upsert(rows, conflict=[Book.isbn], update=[Book.price])) == 9_000
    assert len(await books.upsert(rows, conflict=[Book.isbn], update=[Book.price])) == 9_000
    assert await books.count() == 9_000


async def test_upsert_of_nothing(session: Session) -> None:
    """No rows, no statement."""
    await an_author(session)
    assert await BookRepository(session).upsert([], conflict=[Book.isbn], update=[]) == []
