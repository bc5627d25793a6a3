"""Repositories and query models of the library, shared by these tests."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastgres.repository import Filter, KeysetQuery, OffsetQuery, Repository
from tests.models import Author, Binding, Book, Copy, Genre

if TYPE_CHECKING:
    from fastgres.db import Session


class BookQuery(KeysetQuery):
    """Filters of every kind, sorts of every kind."""

    title: Annotated[str | None, Filter("icontains")] = None
    exact_title: Annotated[str | None, Filter(column="title")] = None
    not_title: Annotated[str | None, Filter("ne", column="title")] = None
    title_part: Annotated[str | None, Filter("contains", column="title")] = None
    prefix: Annotated[str | None, Filter("starts_with", column="title")] = None
    any_prefix: Annotated[str | None, Filter("istarts_with", column="title")] = None
    price_min: Annotated[Decimal | None, Filter("ge", column="price")] = None
    price_above: Annotated[Decimal | None, Filter("gt", column="price")] = None
    price_max: Annotated[Decimal | None, Filter("le", column="price")] = None
    price_below: Annotated[Decimal | None, Filter("lt", column="price")] = None
    pages: int | None = None
    pages_not: Annotated[int | None, Filter("ne", column="pages")] = None
    unpaged: Annotated[bool | None, Filter("is_null", column="pages")] = None
    rating: float | None = None
    in_print: bool | None = None
    genre: Annotated[list[Genre] | None, Filter("in")] = None
    binding: Binding | None = None
    bindings: Annotated[list[Binding] | None, Filter("in", column="binding")] = None
    not_pages: Annotated[list[int] | None, Filter("not_in", column="pages")] = None
    published_after: Annotated[datetime | None, Filter("gt", column="published_at")] = None
    since_page: Annotated[str | None, Filter("custom")] = None
    sort: Literal[
        "title",
        "-title",
        "price",
        "-price,title",
        "pages",
        "-pages",
        "rating,-price",
        "-rating,pages",
        "published_at",
        "-published_at",
        "genre,binding",
        "-binding,rating",
        "in_print,-title",
        "-created_at",
        "-id",
    ] = "title"


class BookPages(OffsetQuery):
    """Books by page number."""

    title: str | None = None
    sort: Literal["title", "-pages"] | None = None


class AuthorRepository(Repository[Author]):
    """Authors."""


class BookRepository(Repository[Book]):
    """Books."""

    queries = (BookQuery, BookPages)
    state_column = "genre"


class OwnBookRepository(BookRepository):
    """The books of one author."""

    scoped_by = ("author_id",)


class CopyRepository(Repository[Copy]):
    """Copies, which have a composite key."""


def book(number: int, **values: Any) -> dict[str, Any]:
    """Return the row of a book."""
    return {"title": f"Book {number:03}", "isbn": f"isbn-{number}", "price": number + 1, **values}


async def an_author(session: Session, name: str = "Ada") -> Author:
    """Add an author."""
    return await AuthorRepository(session).add(
        Author(name=name, email=f"{name.lower()}@example.com")
    )


async def shelve(session: Session, *rows: dict[str, Any]) -> list[Book]:
    """Add books of one author and return them in the order of their titles."""
    author = await an_author(session)
    books = BookRepository(session)
    await books.add_many([row | {"author_id": author.id} for row in rows])
    return await books.list(order_by=[Book.title], limit=1_000)


async def titles(session: Session, query: BookQuery) -> list[str]:
    """Return the titles on the page that the query asks for."""
    return [each.title for each in (await BookRepository(session).page(query)).items]
