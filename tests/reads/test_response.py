"""The response of a read, as FastAPI and a real server send it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from fastapi import APIRouter, FastAPI, Request, Response
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from fastgres.reads import ReadResponse, Reads, entity_tag, matches
from fastgres.testing.client import serving
from tests.http.conftest import service
from tests.models import Book
from tests.reads.serving import listening
from tests.reads.shelf import BookRead, Title, stock, written

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx

    from fastgres.db import Database, Session

TITLES = Reads(Book, Title)
BODY = b'[{"title":"Book 0"}]'
TAG = entity_tag(BODY)


def application(database: Database) -> FastAPI:
    """Make a service with one list, which clients may keep."""
    router = APIRouter()

    @router.head("/titles", include_in_schema=False)
    @router.get("/titles", response_model=list[Title])
    async def list_titles(request: Request) -> Response:
        shown = await TITLES.list(database.source)
        return shown.cache("private, max-age=60").conditional(request)

    @router.get("/books", response_model=list[BookRead])
    async def list_books() -> Response:
        return await Reads(Book, BookRead).list(database.source)

    return service(router)


@asynccontextmanager
async def shop(database: Database) -> AsyncIterator[httpx.AsyncClient]:
    """Give a client of the service, with one book in stock."""
    async with database.session() as session, session.begin():
        await stock(session, 1)
    async with serving(application(database)) as client:
        yield client


async def test_fastapi_sends_the_bytes(database: Database) -> None:
    """As they are, with their length and type."""
    async with shop(database) as client:
        answer = await client.get("/titles")
        assert answer.content == BODY
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["content-length"] == str(len(BODY))
        assert answer.headers["etag"] == TAG
        assert answer.headers["cache-control"] == "private, max-age=60"


async def test_response_model_documents(database: Database) -> None:
    """It stands in the schema and costs nothing; what is sent are the bytes of the read."""
    schema = application(database).openapi()["paths"]["/books"]["get"]["responses"]["200"]
    items = schema["content"]["application/json"]["schema"]["items"]
    assert items == {"$ref": "#/components/schemas/BookRead"}
    async with shop(database) as client, database.session() as session:
        answer = await client.get("/books")
        (book,) = await stock_of(session)
        assert answer.content == b"[%b]" % written(BookRead, book)


async def stock_of(session: Session) -> list[Book]:
    """Return the books with what belongs to them."""
    loaded = select(Book).options(joinedload(Book.author), selectinload(Book.copies))
    return list(await session.scalars(loaded))


@pytest.mark.parametrize(
    "header",
    [
        TAG,
        f"W/{TAG}",
        "*",
        f'"other", {TAG}',
        f'"other",{TAG},"another"',
        f'W/"other" , W/{TAG} ',
    ],
)
async def test_client_that_has_it_gets_nothing(database: Database, header: str) -> None:
    """304, with what a cache has to know and without a body or what describes one."""
    async with shop(database) as client:
        answer = await client.get("/titles", headers={"If-None-Match": header})
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["etag"] == TAG
        assert answer.headers["cache-control"] == "private, max-age=60"
        assert "content-type" not in answer.headers
        assert "content-length" not in answer.headers


@pytest.mark.parametrize(
    "header", ['"other"', "", TAG.strip('"'), TAG[:-1], f'"x{TAG}', "garbage, more", '"*"']
)
async def test_client_that_has_something_else_gets_it_all(database: Database, header: str) -> None:
    """200, with the tag to ask with next time."""
    async with shop(database) as client:
        answer = await client.get("/titles", headers={"If-None-Match": header})
        assert (answer.status_code, answer.content) == (200, BODY)
        assert answer.headers["etag"] == TAG


async def test_change_changes_the_tag(database: Database) -> None:
    """The old tag is good no longer."""
    async with shop(database) as client:
        async with database.session() as session, session.begin():
            (book,) = await stock_of(session)
            book.title = "Book 1"
        answer = await client.get("/titles", headers={"If-None-Match": TAG})
        assert answer.status_code == 200
        assert answer.headers["etag"] == entity_tag(answer.content) != TAG


@pytest.mark.clone
async def test_head_over_a_socket(database: Database) -> None:
    """The headers of GET and no body, so that the next answer is not mistaken for it."""
    async with database.session() as session, session.begin():
        await stock(session, 1)
    async with listening(application(database)) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for method, headers, status in (
            ("HEAD", "", 200),
            ("HEAD", f"If-None-Match: {TAG}\r\n", 304),
            ("GET", f"If-None-Match: {TAG}\r\n", 304),
            ("GET", "", 200),
        ):
            writer.write(f"{method} /titles HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n".encode())
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            assert head.startswith(f"http/1.1 {status}")
            assert f"etag: {TAG}" in head
            assert (f"content-length: {len(BODY)}" in head) == (status == 200)
        assert await reader.readexactly(len(BODY)) == BODY
        writer.close()


def test_tag_is_strong_and_of_the_body_alone() -> None:
    """Two responses with the same bytes have the same tag, in every process."""
    assert entity_tag(b"[]") == '"7ebb3c7c2a87b1a2f8a7ed729ecb040d"'
    assert entity_tag(b"[]") != entity_tag(b"[ ]")
    assert not TAG.startswith("W/")


def test_matches_nothing_without_a_header() -> None:
    """Nothing was asked."""
    assert not matches(None, TAG)


def test_value_is_made_when_it_is_asked_for() -> None:
    """A response that is only sent costs no parsing."""
    numbers = iter([1, 2])
    response = ReadResponse(b"1", lambda: next(numbers))
    assert response.body == b"1"
    assert (response.value(), next(numbers)) == (1, 2)


async def test_value_of_a_response_that_is_not_sent(database: Database) -> None:
    """What was read stays what it is when the client has it already."""
    async with shop(database):
        shown = await TITLES.list(database.source)
        request = Request({"type": "http", "headers": [(b"if-none-match", TAG.encode())]})
        assert shown.conditional(request).status_code == 304
        assert [each.title for each in shown.value()] == ["Book 0"]
