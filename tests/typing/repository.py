"""What mypy knows of a repository without a cast; checked and never run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, assert_type
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.orm import selectinload
from starlette.responses import StreamingResponse

from fastgres.db import Session
from fastgres.reads import ReadResponse
from fastgres.repository import Filter, KeysetQuery, OffsetPage, OffsetQuery, Page, Repository
from tests.models import Author, Book, Genre


class BookQuery(KeysetQuery):
    """A filter and a sort."""

    title: Annotated[str | None, Filter("icontains")] = None
    sort: Literal["title", "-price"] = "title"


class BookPages(OffsetQuery):
    """By number."""


class Title(BaseModel):
    """A response model."""

    title: str


class BookRepository(Repository[Book]):
    """A query of the service's own has the types of the methods it calls."""

    queries = (BookQuery, BookPages)
    default_options = (selectinload(Book.copies),)
    state_column = "genre"

    async def in_print(self) -> list[Book]:
        """Return books."""
        return await self.list(Book.in_print.is_(True), order_by=[Book.title], limit=10)


async def reading(session: Session, key: UUID) -> None:
    """Every read is of the mapped class."""
    books = BookRepository(session)
    assert_type(await books.get(key), Book)
    assert_type(await books.find(key, Book.price > 1, include_deleted=True), Book | None)
    assert_type(await books.get_many([key], skip_missing=True), list[Book])
    assert_type(await books.first_by(Book.isbn == "1", order_by=[Book.title.desc()]), Book | None)
    assert_type(await books.list(limit=1, options=[selectinload(Book.copies)]), list[Book])
    assert_type(await books.exists(Book.price > 1), bool)
    assert_type(await books.count(), int)
    async for each in books.stream():
        assert_type(each, Book)


async def scoping(session: Session, key: UUID) -> None:
    """A scope leaves the types alone."""
    assert_type(BookRepository.unscoped(session), BookRepository)
    books = BookRepository(session, author_id=key)
    assert_type(await books.get(key), Book)
    assert_type(books.scope, Mapping[str, Any])


async def paging(session: Session) -> None:
    """A page is of the mapped class too."""
    books = BookRepository(session)
    page = await books.page(BookQuery(sort="-price"), Book.price > 1, count="exact")
    assert_type(page, Page[Book])
    assert_type(page.items[0].author, Author)
    assert_type(page.next, str | None)
    assert_type(await books.offset_page(BookPages()), OffsetPage[Book])
    BookRepository.check(BookQuery)


async def answering(session: Session, key: UUID) -> None:
    """With a response model in front each read is a response with a typed value."""
    books = BookRepository(session)
    shown = await books.read(Title, key, Book.price > 1, fields="title")
    assert_type(shown, ReadResponse[Title])
    assert_type(shown.value(), Title)
    assert_type(shown.cache("no-store"), ReadResponse[Title])
    first = await books.first(Title, order_by=[Book.title], exclude_none=True)
    assert_type(first, ReadResponse[Title | None])
    some = await books.list(Title, Book.price > 1, limit=1, include_deleted=True)
    assert_type(some, ReadResponse[list[Title]])
    page = await books.page(Title, BookQuery(), Book.price > 1, count="estimated")
    assert_type(page, ReadResponse[Page[Title]])
    assert_type(page.value().items[0], Title)
    numbered = await books.offset_page(Title, BookPages(), fields=None)
    assert_type(numbered, ReadResponse[OffsetPage[Title]])
    export = books.stream(Title, Book.price > 1, query=BookQuery(), format="json")
    assert_type(export, StreamingResponse)


async def answering_mistakes(session: Session, key: UUID) -> None:
    """A response model comes first, and takes no loader options."""
    books = BookRepository(session)
    await books.read(key, Title)  # type: ignore[arg-type]  # the other way round
    await books.read(Book, key)  # type: ignore[type-var]  # no response model
    await books.list(Title)  # type: ignore[call-overload]  # no limit
    await books.list(Title, limit=1, options=[])  # type: ignore[arg-type]  # of entities
    await books.page(Title, BookPages())  # type: ignore[call-overload]  # the other kind of page
    await books.offset_page(Title, BookQuery())  # type: ignore[call-overload]  # the other kind of page
    books.stream(Title, order_by=[Book.title])  # type: ignore[arg-type]  # a query says that
    await books.first(Title, field="title")  # type: ignore[call-arg]  # a misspelt option


async def writing(session: Session, book: Book) -> None:
    """Writes return what they wrote."""
    books = BookRepository(session)
    assert_type(await books.add(book), Book)
    assert_type(await books.update(book, {"title": "x"}), Book)
    assert_type(await books.soft_delete(book), Book)
    assert_type(await books.restore(book), Book)
    assert_type(await books.add_many([{"title": "x"}]), int)
    assert_type(await books.update_where(Book.price > 1, values={"pages": 1}), int)
    assert_type(await books.delete_where(all_rows=True), int)
    upserted = await books.upsert([{"isbn": "1"}], conflict=[Book.isbn], update=[])
    assert_type(upserted, list[Book])


async def locking(session: Session, key: UUID) -> None:
    """Locked rows are entities like others."""
    books = BookRepository(session)
    assert_type(await books.get_for_update(key, locked="nowait"), Book)
    assert_type(await books.get_many_for_update([key], locked="skip"), list[Book])
    assert_type(await books.list_for_update(limit=1), list[Book])
    assert_type(await books.transition(key, to=Genre.ESSAY, from_=[Genre.NOVEL]), Book)


async def mistakes(session: Session, author: Author) -> None:
    """What mypy refuses; an ignore that is not needed is an error."""
    books = BookRepository(session)
    await books.add(author)  # type: ignore[arg-type]  # not a book
    await books.list()  # type: ignore[call-overload]  # no limit
    await books.delete_where(Book.price is None)  # type: ignore[arg-type]  # compared by Python
    await books.page(BookPages())  # type: ignore[call-overload]  # the other kind of page
