"""A service on the library's books: reads that are declared, written, delegated and forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy.orm import joinedload

from fastgres.app import create_app
from fastgres.endpoints import ReadRouter
from fastgres.http import SessionDep
from fastgres.reads import Reads
from fastgres.repository import Filter, KeysetQuery, OffsetQuery, Page, Repository
from tests.models import Author, Book, Genre, metadata
from tests.reads.shelf import AuthorRead, BookRead, LoudTitle, Title

if TYPE_CHECKING:
    from fastapi import FastAPI

    from fastgres.db import Database
    from fastgres.settings import Settings


class BookQuery(KeysetQuery):
    """Books by price."""

    genre: Annotated[list[Genre] | None, Filter("in")] = None
    sort: Literal["price", "-price"] = "price"


class AuthorsBooks(OffsetQuery):
    """One filter cannot be left out."""

    author_id: UUID


class BookRepository(Repository[Book]):
    """All books."""

    async def cheapest(self, shown: type[Any]) -> Response:
        """Answer with any response model."""
        return await self.first(shown, order_by=[Book.price])


class OwnBookRepository(Repository[Book]):
    """Those of one author."""

    scoped_by = ("author_id",)


class Library:
    """A service that reads by way of two other objects."""

    own: OwnBookRepository

    def __init__(self, session: SessionDep) -> None:
        self.books = BookRepository(session)

    async def show(self, book_id: UUID) -> Response:
        """Show one book."""
        return await self.books.read(BookRead, book_id)

    async def list_own(self) -> Response:
        """Show those of an author."""
        return await self.own.list(Title, Book.price > 1, limit=7)


async def _books(session: SessionDep) -> BookRepository:
    return BookRepository(session)


async def _author(request: Request) -> str:
    return request.headers["author"]


BooksDep = Annotated[BookRepository, Depends(_books)]
LibraryDep = Annotated[Library, Depends(Library)]
titles = Reads(Book, Title)
wholes = Reads(Book, BookRead)

declared = ReadRouter(prefix="/declared")
declared.one("/{book_id}", OwnBookRepository, BookRead, scope={"author_id": _author})
declared.page("", BookRepository, LoudTitle, BookQuery, name="list_loud")

declared.page("/lean", BookRepository, BookRead, BookQuery, fields=True, name="list_lean")
declared.list("/lean/all", BookRepository, BookRead, fields=True, name="list_all_lean")
declared.one("/lean/{book_id}", BookRepository, BookRead, fields=True, name="read_lean")

router = APIRouter()


@router.get("/lean/page", response_model=Page[BookRead])
async def page_of_lean_books(
    query: Annotated[BookQuery, Query()], books: BooksDep, fields: str | None = None
) -> Response:
    """A page of fewer fields."""
    return await books.page(BookRead, query, fields=fields)


@router.get("/lean/prices", response_model=list[BookRead])
async def list_of_prices(books: BooksDep) -> Response:
    """Always the same fields."""
    return await books.list(BookRead, limit=7, fields="price")


@router.get("/lean/titles", response_model=list[BookRead])
async def list_of_lean_titles(session: SessionDep, shown: str | None = None) -> Response:
    """Without a repository, by a name of its own."""
    return await wholes.list(session, fields=shown)


@router.get("/lean/one", response_model=BookRead)
async def read_one_lean(session: SessionDep, fields: str) -> Response:
    """One of them."""
    return await wholes.one(session, fields=fields)


@router.get("/page", response_model=Page[BookRead])
async def page_of_books(query: Annotated[BookQuery, Query()], books: BooksDep) -> Response:
    """A page, of deleted books too."""
    return await books.page(BookRead, query, Book.pages > 1, include_deleted=True, count="exact")


@router.get("/offset", response_model=Page[BookRead])
async def offset_page_of_books(
    query: Annotated[AuthorsBooks, Query()],
    books: BookRepository = Depends(_books),  # noqa: B008, FAST002 - as it was once written
) -> Response:
    """A page by number; an estimate is a statement more."""
    return await books.offset_page(BookRead, query, count="estimated")


@router.delete("/one/{book_id}", status_code=204)
async def delete_one(book_id: UUID, books: BooksDep) -> None:
    """A write."""
    await books.delete(await books.get(book_id))


@router.get("/one/{book_id}", response_model=BookRead)
async def read_one(book_id: UUID, library: LibraryDep) -> Response:
    """What the service reads."""
    return await library.show(book_id)


@router.get("/own", response_model=list[Title])
async def list_own(library: LibraryDep) -> Response:
    """What the service reads by way of an annotated attribute."""
    return await library.list_own()


@router.get("/cheapest", response_model=LoudTitle | None)
async def read_cheapest(books: BooksDep) -> Response:
    """What a method of the repository reads, into the model that it is given."""
    found = await books.cheapest(LoudTitle)
    found.headers["Cache-Control"] = "private"
    return found


@router.get("/titles", response_model=list[Title])
async def list_titles(session: SessionDep) -> Response:
    """Without a repository."""
    return await titles.list(session, Book.pages > 1, order_by=[Book.title], limit=20)


@router.get("/first-title", response_model=Title | None)
async def first_title(session: SessionDep) -> Response:
    """The first of them."""
    return await titles.first(session)


@router.get("/export", response_model=None)
async def export(session: SessionDep) -> Response:
    """An export of everything, by a repository made here."""
    books = BookRepository(session)
    return books.stream(Title)


@router.post("/both", response_model=BookRead)
async def read_both(books: BooksDep, session: SessionDep) -> Response:
    """Reads in a route that writes, one of them loaded, two by the same function."""
    await titles.one(session, Book.title == "x")
    await books.cheapest(Title)
    return await books.cheapest(LoudTitle)


@router.get("/rows", response_model=Page[AuthorRead])
async def page_of_rows(query: Annotated[BookQuery, Query()], books: BooksDep) -> Page[Book]:
    """Rows, though it has a response model."""
    return await books.page(query, Book.pages > 1, options=[joinedload(Book.author)])


@router.get("/unannotated", response_model=AuthorRead)
async def unannotated(session: SessionDep):  # type: ignore[no-untyped-def]  # noqa: ANN201 - many are not
    """Rows of which no annotation speaks."""
    return await session.get(Author, UUID(int=0))


@router.get("/counted", response_model=Title)
async def counted(books: BooksDep) -> Title:
    """No rows: a model is made of what was read."""
    return Title(title=str(await books.list(limit=1)))


def make(settings: Settings, database: Database | None = None) -> FastAPI:
    """Make the application."""
    return create_app(
        settings,
        title="Bookshop",
        routers=[declared, router],
        metadata=metadata,
        database=database,
    )
