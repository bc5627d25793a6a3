"""Reads without a repository, over any models, sessions and engines."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Response
from pydantic import BaseModel, create_model
from sqlalchemy import func
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from fastgres.errors import ConfigurationError, InvalidValueError, NotFoundError
from fastgres.reads import Reads
from fastgres.testing.client import serving
from tests.http.conftest import service
from tests.models import Author, Book, Copy
from tests.reads.shelf import BookRead, CopyRead, Shown, Title, stock, written

if TYPE_CHECKING:
    from fastgres.db import Database, Session

BOTH = [Reads(Book, Title), Reads(Book, Title, force_loaded=True)]
"""Compiled and loaded: the same answers."""


@pytest.fixture(params=BOTH, ids=["compiled", "loaded"])
def titles(request: pytest.FixtureRequest) -> Any:
    """Reads of titles, one way and the other."""
    return request.param


class TestOne:
    """The row that fulfils the conditions."""

    async def test_found(self, session: Session, titles: Reads[Title]) -> None:
        await stock(session)
        shown = await titles.one(session, Book.title == "Book 1", Book.price == 2)
        assert shown.body == b'{"title":"Book 1"}'
        assert shown.value() == Title(title="Book 1")

    async def test_missing(self, session: Session, titles: Reads[Title]) -> None:
        with pytest.raises(NotFoundError, match="There is no such Book"):
            await titles.one(session, Book.title == "Book 9")

    async def test_deleted(self, session: Session, titles: Reads[Title]) -> None:
        (book,) = await stock(session, 1)
        book.deleted_at = book.created_at
        with pytest.raises(NotFoundError):
            await titles.one(session, Book.id == book.id)
        kind = titles.plan.kind == "loaded"
        everything = Reads(Book, Title, include_deleted=True, force_loaded=kind)
        assert (await everything.one(session, Book.id == book.id)).value().title == "Book 0"

    async def test_missing_over_http(self, database: Database, titles: Reads[Title]) -> None:
        """404, as a problem document."""
        router = APIRouter()

        @router.get("/books/{title}")
        async def read_book(title: str) -> Response:
            return await titles.one(database.source, Book.title == title)

        async with serving(service(router)) as client:
            answer = await client.get("/books/none")
            assert answer.status_code == 404
            assert answer.headers["content-type"] == "application/problem+json"


class TestFirst:
    """The first of several, always the same one."""

    async def test_first_by_order_and_then_by_key(
        self, session: Session, titles: Reads[Title]
    ) -> None:
        await stock(session, pages=1)
        dearest = await titles.first(session, order_by=[Book.price.desc()])
        assert dearest.body == b'{"title":"Book 2"}'
        equal = await titles.first(session, Book.price > 1, order_by=[Book.pages])
        assert equal.body == b'{"title":"Book 1"}'

    async def test_none(self, session: Session, titles: Reads[Title]) -> None:
        shown = await titles.first(session, Book.price < 0)
        assert (shown.status_code, shown.body, shown.value()) == (200, b"null", None)


class TestList:
    """At most so many."""

    async def test_order_and_limit(self, session: Session, titles: Reads[Title]) -> None:
        await stock(session, pages=1)
        shown = await titles.list(session, order_by=[Book.price.desc()], limit=2)
        assert shown.body == b'[{"title":"Book 2"},{"title":"Book 1"}]'
        tied = await titles.list(session, order_by=[Book.pages.desc()])
        assert [each.title for each in tied.value()] == ["Book 0", "Book 1", "Book 2"]
        assert (await titles.list(session, limit=0)).body == b"[]"

    async def test_conditions(self, session: Session, titles: Reads[Title]) -> None:
        await stock(session)
        shown = await titles.list(session, Book.copies.any(Copy.number == 1), Book.price > 0)
        assert [each.title for each in shown.value()] == ["Book 2"]
        shown = await titles.list(
            session, Book.author.has(Author.name == "Ada"), func.length(Book.title) > 9
        )
        assert shown.body == b"[]"


async def test_chosen_fields(session: Session) -> None:
    """As a repository's reads take them, compiled or loaded."""
    (book,) = await stock(session, 1)
    for loaded in (False, True):
        books = Reads(Book, BookRead, force_loaded=loaded)
        shown = b'{"title":"Book 0","author":{"name":"Ada"}}'
        fields = "author.name,title"
        assert (await books.one(session, Book.id == book.id, fields=fields)).body == shown
        assert (await books.first(session, fields=fields)).body == shown
        assert (await books.list(session, fields=fields)).body == b"[%b]" % shown
        export = books.stream(await session.connection(), fields=fields)
        assert [each async for each in export.body_iterator] == [shown + b"\n"]
        with pytest.raises(InvalidValueError, match="There is no field 'titel'"):
            await books.list(session, fields="titel")


async def test_key_of_several_columns(session: Session) -> None:
    """Orders what nothing else does."""
    await stock(session, 4)
    shown = await Reads(Copy, CopyRead).list(session)
    loaded = await Reads(Copy, CopyRead, force_loaded=True).list(session)
    assert shown.body == loaded.body
    assert len(shown.value()) == 6


async def test_loaded_read_says_the_same(session: Session) -> None:
    """Byte for byte, three levels deep."""
    books = await stock(session)
    want = b"[%b]" % b",".join(written(BookRead, book) for book in books)
    for forced in (False, True):
        shown = await Reads(Book, BookRead, force_loaded=forced).list(session)
        assert shown.body == want
        assert len(shown.value()) == 3


class Foreign(DeclarativeBase):
    """A base of somebody else."""


class Thing(Foreign):
    """Nothing of ours about it."""

    __tablename__ = "things"

    key: Mapped[str] = mapped_column("the key", primary_key=True)
    size: Mapped[int] = mapped_column("größe (cm)")


class ThingRead(BaseModel):
    """Not even `from_attributes`."""

    key: str
    size: int


async def test_models_of_any_application(session: Session) -> None:
    """Any base, any Pydantic model, columns of any name."""
    await (await session.connection()).run_sync(Foreign.metadata.create_all)
    session.add(Thing(key="a", size=1))
    await session.flush()
    shown = await Reads(Thing, ThingRead).list(session)
    assert json.loads(bytes(shown.body)) == [{"key": "a", "size": 1}]
    assert shown.value() == [ThingRead(key="a", size=1)]


async def test_nulls_are_left_out_when_asked(session: Session) -> None:
    """One way as the other."""
    await stock(session, 1)
    model = create_model("Lean", __base__=Shown, title=(str, ...), pages=(int | None, ...))
    for forced in (False, True):
        reads = Reads(Book, model, exclude_none=True, force_loaded=forced)
        assert (await reads.list(session)).body == b'[{"title":"Book 0"}]'


def test_explain_tells_the_sql() -> None:
    """And why a plan is loaded."""
    told = Reads(Book, Title).explain(Book.title == "a")
    assert told.kind == "compiled"
    assert told.sql is not None
    assert "books.title = $1" in told.sql
    assert Reads(Book, Title, force_loaded=True).explain().sql is None


async def test_a_missing_row_is_404_where_nobody_knows_fastgres(database: Database) -> None:
    """In a plain FastAPI application, without a boundary of ours."""
    app = FastAPI()
    books = Reads(Book, BookRead)

    @app.get("/books/{title}")
    async def read_book(title: str) -> Response:
        return await books.one(database.source, Book.title == title)

    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://plain") as client:
        reply = await client.get("/books/nix")

    assert reply.status_code == 404
    assert reply.json() == {"detail": "There is no such Book."}


async def test_a_table_that_nothing_joins_is_refused(database: Database) -> None:
    """Every row would come once for each row of the other table."""
    with pytest.raises(ConfigurationError, match="names authors, which is not joined"):
        await Reads(Book, BookRead).list(database.source, Author.name != "nobody")
    assert (await Reads(Book, BookRead).list(database.source, Book.author.has())).body == b"[]"
