"""Reads that answer a request; each says what the same read of entities says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from pydantic import BaseModel

from fastgres.errors import ConfigurationError, InvalidValueError, NotFoundError
from fastgres.reads.streaming import BATCH
from tests.models import Book, Copy
from tests.repository.books import (
    AuthorRepository,
    BookQuery,
    BookRepository,
    CopyRepository,
    an_author,
    book,
    shelve,
)

if TYPE_CHECKING:
    from starlette.responses import StreamingResponse

    from fastgres.db import Session


class BookRead(BaseModel):
    """A value, and one that may be null."""

    title: str
    pages: int | None


class CopyRead(BaseModel):
    """Of a composite key."""

    number: int
    shelf: str


class BooksRead(BaseModel):
    """Of an author, whose books may be deleted."""

    name: str
    books: list[BookRead]


async def sent(response: StreamingResponse) -> Any:
    """Return the objects of a JSON array that is streamed."""
    parts: list[Any] = [part async for part in response.body_iterator]
    return json.loads(b"".join(parts))


class TestRead:
    """By primary key."""

    async def test_composite_key_is_a_tuple(self, session: Session) -> None:
        (first,) = await shelve(session, book(1))
        copies = CopyRepository(session)
        await copies.add(Copy(book_id=first.id, number=7, shelf="A"))
        shown = await copies.read(CopyRead, (first.id, 7))
        assert shown.value() == CopyRead(number=7, shelf="A")
        with pytest.raises(ConfigurationError, match=r"its primary key is \(book_id, number\)"):
            await copies.read(CopyRead, first.id)

    async def test_row_that_is_not_there_is_named(self, session: Session) -> None:
        key = uuid4()
        with pytest.raises(NotFoundError, match=f"There is no book {key}"):
            await BookRepository(session).read(BookRead, key)

    async def test_row_that_the_conditions_leave_out_is_not_there(self, session: Session) -> None:
        (first,) = await shelve(session, book(1, pages=10))
        books = BookRepository(session)
        assert (await books.read(BookRead, first.id, Book.pages == 10)).value().pages == 10
        with pytest.raises(NotFoundError):
            await books.read(BookRead, first.id, Book.pages == 11)


class TestFirst:
    """Of an order."""

    async def test_primary_key_decides_between_equals(self, session: Session) -> None:
        rows = await shelve(session, *(book(number, pages=1) for number in range(5)))
        shown = await BookRepository(session).first(BookRead, order_by=[Book.pages])
        found = shown.value()
        assert found is not None
        assert found.title == min(rows, key=lambda row: row.id).title

    async def test_nothing_is_null(self, session: Session) -> None:
        shown = await BookRepository(session).first(BookRead, Book.pages > 0)
        assert (shown.body, shown.value()) == (b"null", None)


async def test_list_has_at_most_so_many_rows_in_its_order(session: Session) -> None:
    await shelve(session, *(book(number, pages=number) for number in range(4)))
    books = BookRepository(session)
    shown = await books.list(BookRead, Book.pages > 0, order_by=[Book.pages.desc()], limit=2)
    assert [each.pages for each in shown.value()] == [3, 2]


class TestStream:
    """All rows, whatever a query would page."""

    async def test_query_filters_and_orders_and_does_not_page(self, session: Session) -> None:
        await shelve(session, *(book(number, pages=number % 3) for number in range(9)))
        query = BookQuery(size=1, pages_not=0, sort="-pages", cursor="of another page")
        books = BookRepository(session)
        rows = await sent(books.stream(BookRead, Book.price > 3, query=query, format="json"))
        assert [row["pages"] for row in rows] == [2, 2, 1, 1]

    async def test_order_with_nulls_goes_on_behind_each_batch(self, session: Session) -> None:
        author = await an_author(session)
        books = BookRepository(session)
        numbers = range(BATCH + BATCH // 2)
        await books.add_many(
            [book(each, pages=each % 3 or None, author_id=author.id) for each in numbers]
        )
        rows = await sent(books.stream(BookRead, query=BookQuery(sort="pages"), format="json"))
        third = len(numbers) // 3
        assert [row["pages"] for row in rows] == [1] * third + [2] * third + [None] * third
        assert len({row["title"] for row in rows}) == len(numbers)


class TestOptions:
    """What every read takes."""

    async def test_deleted_rows_and_deleted_nested_ones(self, session: Session) -> None:
        (first,) = await shelve(session, book(1))
        await BookRepository(session).soft_delete(first)
        authors = AuthorRepository(session)
        for include, count in ((False, 0), (True, 1)):
            shown = await authors.list(BooksRead, limit=1, include_deleted=include)
            assert [len(each.books) for each in shown.value()] == [count]
        author = (await authors.list(limit=1))[0]
        await authors.soft_delete(author)
        with pytest.raises(NotFoundError):
            await authors.read(BooksRead, author.id)
        shown_one = await authors.read(BooksRead, author.id, include_deleted=True)
        assert len(shown_one.value().books) == 1

    async def test_null_fields_are_left_out(self, session: Session) -> None:
        (first,) = await shelve(session, book(1))
        books = BookRepository(session)
        options: Any = {"exclude_none": True}
        right = b'{"title":"Book 001"}'
        assert (await books.read(BookRead, first.id, **options)).body == right
        assert (await books.first(BookRead, **options)).body == right
        assert (await books.list(BookRead, limit=1, **options)).body == b"[%b]" % right
        assert (await sent(books.stream(BookRead, format="json", **options))) == [
            {"title": "Book 001"}
        ]

    async def test_fields_that_a_client_asks_for(self, session: Session) -> None:
        (first,) = await shelve(session, book(1))
        books = BookRepository(session)
        options: Any = {"fields": "pages"}
        right = b'{"pages":null}'
        assert (await books.read(BookRead, first.id, **options)).body == right
        assert (await books.first(BookRead, **options)).body == right
        assert (await books.list(BookRead, limit=1, **options)).body == b"[%b]" % right
        for asked in (
            books.read(BookRead, first.id, fields="page"),
            books.first(BookRead, fields="page"),
        ):
            with pytest.raises(InvalidValueError, match="did you mean 'pages'"):
                await asked


async def test_writes_of_the_transaction_are_seen(session: Session) -> None:
    """Also those that were not flushed yet."""
    (first,) = await shelve(session, book(1))
    first.title = "Changed"
    assert (await BookRepository(session).read(BookRead, first.id)).value().title == "Changed"
