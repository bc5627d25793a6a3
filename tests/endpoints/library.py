"""A service of declared routes on the library, with ordinary routes around them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, FastAPI, HTTPException, Request
from pydantic import BaseModel, ConfigDict
from starlette.responses import PlainTextResponse
from starlette.routing import Mount

from fastgres.endpoints import ReadRouter, answer_declared
from fastgres.http import Lifecycle, install
from fastgres.repository import Filter, KeysetQuery, OffsetQuery, Repository
from fastgres.settings import Settings
from tests.models import Book, Copy, Counter, Genre

if TYPE_CHECKING:
    from fastgres.db import Database


ADA, BOB = UUID(int=1), UUID(int=2)
FIRST, SECOND, GONE = UUID(int=11), UUID(int=12), UUID(int=13)


class AuthorRead(BaseModel):
    """Who wrote a book."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str


class BookRead(BaseModel):
    """A book with its author."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    title: str
    isbn: str
    genre: Genre
    price: Decimal
    published_at: datetime | None
    author: AuthorRead


class CopyRead(BaseModel):
    """A copy of a book."""

    model_config = ConfigDict(from_attributes=True)

    number: int
    shelf: str


class CounterRead(BaseModel):
    """A number."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    value: int


class BookQuery(KeysetQuery):
    """Which books."""

    title: Annotated[str | None, Filter("icontains")] = None
    genre: Annotated[list[Genre] | None, Filter("in")] = None
    price_min: Annotated[Decimal | None, Filter("ge", column="price")] = None
    in_print: bool | None = None
    sort: Literal["title", "-price", "price,title"] = "title"


class BookPages(OffsetQuery):
    """Books by page number."""

    title: str | None = None
    sort: Literal["title", "-title"] = "title"


class CopyQuery(KeysetQuery):
    """Which copies."""

    sort: Literal["number", "-number"] = "number"


class BookRepository(Repository[Book]):
    """Books."""


class OwnBookRepository(Repository[Book]):
    """The books of one author."""

    scoped_by = ("author_id",)


class CopyRepository(Repository[Copy]):
    """Copies."""


class CounterRepository(Repository[Counter]):
    """Counters."""


async def current_author(request: Request) -> UUID:
    """Believe the header."""
    try:
        return UUID(request.headers["x-author"])
    except (KeyError, ValueError):
        raise HTTPException(401, "Say who you are.") from None


def books() -> APIRouter:
    """Declare what is read of books, among handlers."""
    router = ReadRouter(prefix="/books", tags=["books"])

    @router.get("/export")
    async def export() -> str:
        return "everything"

    @router.post("/{book_id}")
    async def change(book_id: UUID) -> str:
        return f"changed {book_id}"

    router.one("/isbn/{isbn}", BookRepository, BookRead, name="read_by_isbn")
    router.list(
        "/dearest",
        BookRepository,
        BookRead,
        where=[Book.genre == Genre.NOVEL],
        order_by=[Book.price.desc()],
        limit=3,
        name="list_dearest",
        fields=True,
    )
    router.page(
        "/numbered", BookRepository, BookRead, BookPages, count="exact", name="number_books"
    )
    router.one("/{book_id}", BookRepository, BookRead, etag=True, cache="private, max-age=60")
    router.page("", BookRepository, BookRead, BookQuery, fields=True, count="estimated")
    router.list("/hidden", BookRepository, BookRead, name="list_hidden")
    router.one("/{book_id}/sparse", BookRepository, BookRead, fields=True, name="read_sparse")

    @router.get("/{book_id}/export")
    async def export_one(book_id: UUID) -> str:
        return f"all of {book_id}"

    return router


def copies() -> APIRouter:
    """Declare what is read of copies, whose key has two columns."""
    router = ReadRouter(prefix="/books/{book_id}/copies")

    @router.get("/{name}/label")
    async def label(book_id: UUID, name: str) -> str:
        return f"{book_id} {name}"

    router.page("", CopyRepository, CopyRead, CopyQuery)
    router.one("/{number}", CopyRepository, CopyRead)
    router.one(
        "/{number}/{what}", CopyRepository, CopyRead, keys={"what": "shelf"}, name="on_shelf"
    )
    return router


def own_books() -> APIRouter:
    """Declare what an author reads of the own books."""
    router = ReadRouter(prefix="/me")
    mine: Any = {"author_id": current_author}
    router.page("/books", OwnBookRepository, BookRead, BookQuery, scope=mine, name="list_own")
    router.one("/books/{book_id}", OwnBookRepository, BookRead, scope=mine, name="read_own")
    return router


def counters() -> APIRouter:
    """Declare what has a number for a key."""
    router = ReadRouter(prefix="/counters")
    router.one("/{counter_id}", CounterRepository, CounterRead)
    return router


def library(database: Database, *, declared: bool, **values: Any) -> FastAPI:
    """Make the service; its reads are answered at the boundary if `declared`, else by FastAPI."""
    app = FastAPI(title="Library")
    install(app, Lifecycle(Settings(**{"environment": "test", **values}), database))
    if declared:
        answer_declared(app)
    app.router.routes.append(Mount("/books/mounted", PlainTextResponse("mounted")))
    for router in (books(), copies(), own_books(), counters()):
        app.include_router(router)
    app.include_router(counters(), prefix="/v2/{tenant}")
    return app


def served(
    database: Database, *routers: APIRouter, declared: bool = True, **values: Any
) -> FastAPI:
    """Make an application of these routers; its reads are answered by FastAPI if not `declared`."""
    app = FastAPI()
    install(app, Lifecycle(Settings(**{"environment": "test", **values}), database))
    if declared:
        answer_declared(app)
    for router in routers:
        app.include_router(router)
    return app


@dataclass(frozen=True)
class Reply:
    """What was answered, and whether FastAPI was asked."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes
    by_fastapi: bool

    def told(self) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        """Return what the client sees."""
        return self.status, sorted(self.headers), self.body


async def ask(
    app: FastAPI, path: str, *, query: bytes = b"", method: str = "GET", **more: Any
) -> Reply:
    """Send one request, with `headers`, `root_path`, `body` and what else is given of a scope.

    What the scope holds in the end is put into `scope_of`.
    """
    kept: dict[str, Any] = more.pop("scope_of", {})
    headers = [(b"host", b"localhost"), (b"x-request-id", b"same"), *more.pop("headers", ())]
    body = more.pop("body", b"")
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "scheme": "http",
        "query_string": query,
        "headers": headers,
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
        "state": {},
        **more,
    }
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    kept |= scope
    start, *rest = sent
    content = b"".join(one["body"] for one in rest)
    by_fastapi = "fastapi_middleware_astack" in scope
    return Reply(start["status"], list(start["headers"]), content, by_fastapi)
