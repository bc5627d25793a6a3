"""Handlers that return a response are called without FastAPI, and answer as they do with it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import wraps
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import pytest
from fastapi import (
    APIRouter,
    BackgroundTasks,
    Depends,
    FastAPI,
    Header,
    HTTPException,
    Query,
    Request,
)
from fastapi.responses import FileResponse, JSONResponse, PlainTextResponse, StreamingResponse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.background import BackgroundTask
from starlette.requests import HTTPConnection
from starlette.responses import Response

from fastgres.db import Session
from fastgres.endpoints import answer_declared
from fastgres.http import Lifecycle, SessionDep, install, with_session
from fastgres.repository import Page
from fastgres.settings import Settings
from tests.endpoints.library import (
    FIRST,
    GONE,
    BookQuery,
    BookRead,
    BookRepository,
    Reply,
    ask,
    served,
)
from tests.models import Genre

if TYPE_CHECKING:
    from fastgres.db import Database

pytestmark = pytest.mark.clone

BooksDep = Annotated[BookRepository, Depends(with_session(BookRepository))]
done: list[str] = []


class Shelf:
    """What is made of a repository."""

    def __init__(self, books: BookRepository, owner: str) -> None:
        self.books = books
        self.owner = owner


async def owner(connection: HTTPConnection) -> str:
    """Believe the header."""
    done.append("owner")
    try:
        return connection.headers["x-owner"]
    except KeyError:
        raise HTTPException(401, "Say who you are.", {"WWW-Authenticate": "Owner"}) from None


async def repository(session: SessionDep, _owner: Annotated[str, Depends(owner)]) -> BookRepository:
    """Make a repository by hand."""
    return BookRepository(session)


async def shelf(
    books: Annotated[BookRepository, Depends(repository)], name: Annotated[str, Depends(owner)]
) -> Shelf:
    """Ask what asks others."""
    return Shelf(books, name)


router = APIRouter(prefix="/books")


@router.get("/own/{book_id}", response_model=BookRead)
async def read_own(book_id: UUID, mine: Annotated[Shelf, Depends(shelf)]) -> Response:
    response = await mine.books.read(BookRead, book_id)
    response.headers["x-owner"] = mine.owner
    return response


@router.get("/genre/{genre}/{number}")
async def count(genre: Genre, number: int, request: Request) -> JSONResponse:
    return JSONResponse([genre, number, request.url.path, str(request.url_for("count_all"))])


@router.get("/all")
async def count_all(session: SessionDep) -> Response:
    return PlainTextResponse("all", 203, background=BackgroundTask(done.append, "background"))


@router.get("/lines/{name}")
async def lines(name: str) -> StreamingResponse:
    return StreamingResponse(iter([name.encode(), b"\n"]), media_type="text/plain")


@router.get("/broken/{name}")
async def broken(name: str) -> Response:
    raise RuntimeError(name)


@router.get("/{book_id}", response_model=BookRead)
async def read_book(book_id: UUID, books: BooksDep) -> Response:
    return await books.read(BookRead, book_id)


@router.get("", response_model=Page[BookRead])
async def list_books(query: Annotated[BookQuery, Query()], books: BooksDep) -> Response:
    return await books.page(BookRead, query)


async def both(database: Database, path: str, **request: Any) -> tuple[Reply, Reply]:
    """Ask for the same without FastAPI and with it."""
    short = await ask(served(database, router), path, **request)
    fastapi = await ask(served(database, router, declared=False), path, **request)
    assert fastapi.by_fastapi
    return short, fastapi


AS_ADA = [(b"x-owner", b"Ada")]


@pytest.mark.parametrize(
    ("path", "request_", "status"),
    [
        (f"/books/{FIRST}", {}, 200),
        (f"/books/{FIRST}", {"query": b"anything=1"}, 200),
        (f"/books/{str(FIRST).upper()}", {}, 200),
        (f"/books/{GONE}", {}, 404),
        (f"/books/{FIRST}", {"method": "HEAD"}, 200),
        ("/books", {}, 200),
        ("/books", {"query": b"size=1&sort=-price&genre=novel&genre=poetry"}, 200),
        ("/books", {"query": b"cursor=invented"}, 422),
        (f"/books/own/{FIRST}", {"headers": AS_ADA}, 200),
        (f"/books/own/{GONE}", {"headers": AS_ADA}, 404),
        (f"/books/own/{FIRST}", {}, 401),
        ("/books/genre/novel/7", {}, 200),
        ("/books/genre/novel/-7", {"root_path": "/api"}, 200),
        ("/books/all", {}, 203),
        ("/books/lines/\N{SNOWMAN}", {}, 200),
        ("/books/broken/x", {}, 500),
    ],
)
async def test_response_is_that_of_fastapi(
    path: str, request_: dict[str, Any], status: int, filled: Database
) -> None:
    root = request_.get("root_path", "")
    short, fastapi = await both(filled, root + path, **request_)
    assert short.told() == fastapi.told()
    assert (short.status, short.by_fastapi) == (status, False)


@pytest.mark.parametrize(
    ("path", "request_", "status"),
    [
        ("/books/none", {}, 422),
        ("/books", {"query": b"sise=1"}, 422),
        ("/books", {"query": b"size=0"}, 422),
        ("/books/genre/prose/1", {}, 422),
        ("/books/genre/novel/one", {}, 422),
        ("/books/own/none", {"headers": AS_ADA}, 422),
        ("/books/own/none", {}, 401),
        (f"/books/{FIRST}", {"method": "POST"}, 405),
        (f"/books/{FIRST}/", {}, 307),
    ],
)
async def test_fastapi_refuses_what_is_refused(
    path: str, request_: dict[str, Any], status: int, filled: Database
) -> None:
    short, fastapi = await both(filled, path, **request_)
    assert short.told() == fastapi.told()
    assert (short.status, short.by_fastapi) == (status, True)


SEGMENTS = st.one_of(
    st.sampled_from([str(FIRST), str(GONE), FIRST.hex, "all", "own", "1", "-0", "1.0", "novel"]),
    st.text(st.characters(codec="utf-8", exclude_characters="/?#%"), max_size=8),
    st.integers().map(str),
    st.uuids().map(str),
)
PARAMETERS = st.lists(
    st.tuples(
        st.sampled_from(["size", "sort", "genre", "title", "price_min", "in_print", "cursor", "x"]),
        st.one_of(st.sampled_from(["1", "title", "novel", "yes", "", "%00", "+"]), st.text()),
    ),
    max_size=4,
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(segments=st.lists(SEGMENTS, max_size=3), parameters=PARAMETERS, named=st.booleans())
async def test_any_get_is_answered_as_fastapi_answers_it(
    segments: list[str], parameters: list[tuple[str, str]], *, named: bool, filled: Database
) -> None:
    query = "&".join(f"{name}={value}" for name, value in parameters)
    path = "/".join(["/books", *segments])
    short, fastapi = await both(
        filled,
        path,
        query=query.encode("utf-8", "replace"),
        headers=AS_ADA if named else [],
    )
    assert short.told() == fastapi.told()


async def test_dependencies_are_called_once_and_before_the_handler(filled: Database) -> None:
    done.clear()
    await ask(served(filled, router), f"/books/own/{FIRST}", headers=AS_ADA)
    assert done == ["owner"]


async def test_background_of_a_response_runs(filled: Database) -> None:
    done.clear()
    await ask(served(filled, router), "/books/all")
    assert done == ["background"]


async def test_scope_names_the_route_and_its_parameters(filled: Database) -> None:
    scopes: list[dict[str, Any]] = []
    for declared in (True, False):
        kept: dict[str, Any] = {}
        app = served(filled, router, declared=declared)
        await ask(app, "/books/genre/novel/7", scope_of=kept)
        scopes.append(kept)
    short, fastapi = scopes
    assert short["path_params"] == fastapi["path_params"] == {"genre": "novel", "number": "7"}
    assert short["endpoint"] is fastapi["endpoint"] is count
    assert short["route"] is fastapi["route"]


async def test_any_override_gives_all_to_fastapi(filled: Database) -> None:
    app = served(filled, router)

    async def nobody() -> str:
        return "nobody"

    app.dependency_overrides[owner] = nobody
    reply = await ask(app, f"/books/own/{FIRST}")
    assert (reply.status, reply.by_fastapi) == (200, True)
    assert (b"x-owner", b"nobody") in reply.headers


async def test_own_exception_handlers_answer(filled: Database) -> None:
    async def tell(_request: Request, error: Exception) -> Response:
        return JSONResponse(f"broken by {error}", 418)

    for declared in (True, False):
        app = served(filled, router, declared=declared)
        app.add_exception_handler(RuntimeError, tell)
        reply = await ask(app, "/books/broken/me")
        assert (reply.status, reply.body) == (418, b'"broken by me"')


async def test_own_exception_handlers_answer_for_a_response_that_cannot_begin(
    filled: Database,
) -> None:
    mine = APIRouter()

    @mine.get("/file")
    async def file() -> Response:
        return FileResponse("/there/is/no/such/file")

    async def tell(_request: Request, error: Exception) -> Response:
        return JSONResponse(type(error).__name__, 410)

    for declared in (True, False):
        app = served(filled, mine, declared=declared)
        app.add_exception_handler(RuntimeError, tell)
        reply = await ask(app, "/file")
        assert (reply.status, reply.by_fastapi) == (410, not declared)


@pytest.mark.parametrize("where", ["application", "inclusion", "router", "route"])
async def test_guard_around_a_handler_refuses(where: str, filled: Database) -> None:
    """A dependency whose value nobody takes is asked all the same: it may be who lets people in."""
    depends = [Depends(owner)]
    mine = APIRouter(dependencies=depends if where == "router" else None)
    mine.get("/mine", dependencies=depends if where == "route" else None)(plain)
    app = FastAPI(dependencies=depends if where == "application" else None)
    install(app, Lifecycle(Settings(environment="test"), filled))
    answer_declared(app)
    app.include_router(mine, dependencies=depends if where == "inclusion" else None)
    refused = await ask(app, "/mine")
    assert (refused.status, refused.by_fastapi) == (401, False)
    allowed = await ask(app, "/mine", headers=AS_ADA)
    assert (allowed.status, allowed.by_fastapi) == (200, False)


async def test_session_is_closed_before_the_first_byte(filled: Database) -> None:
    sessions: list[Session] = []
    mine = APIRouter()

    @mine.get("/open")
    async def leave_open(session: SessionDep) -> Response:
        await session.connection()
        sessions.append(session)
        return PlainTextResponse("fine")

    reply = await ask(served(filled, mine), "/open")
    assert (reply.status, reply.by_fastapi) == (200, False)
    assert not sessions[0].in_transaction()
    assert filled.pool_status().lent == 0


async def by_header(x_owner: Annotated[str, Header()]) -> str:
    """Have FastAPI read a header."""
    return x_owner


async def cleaning_up() -> AsyncIterator[None]:
    """Clean up afterwards."""
    yield


def in_a_thread() -> None:
    """Block."""


def wrapped(function: Any) -> Any:
    """Decorate."""

    @wraps(function)
    async def inner(**given: Any) -> Any:
        return await function(**given)

    return inner


async def plain() -> Response:
    """Answer."""
    return PlainTextResponse("plain")


async def by_name(name: str = "", limit: int = 10) -> Response:
    """Take single parameters."""
    return PlainTextResponse(f"{name} {limit}")


async def with_header(x_owner: Annotated[str, Header()]) -> Response:
    """Take a header."""
    return PlainTextResponse(x_owner)


async def with_tasks(tasks: BackgroundTasks) -> Response:
    """Take background tasks."""
    return PlainTextResponse("tasks")


async def with_response(response: Response) -> Response:
    """Take a response to change."""
    return PlainTextResponse("response")


async def no_response() -> dict[str, str]:
    """Let FastAPI write the JSON."""
    return {"plain": "no"}


async def unknown():  # type: ignore[no-untyped-def]  # noqa: ANN201 - what is tried
    """Say nothing about what is returned."""
    return PlainTextResponse("plain")


def blocking() -> Response:
    """Run in a thread."""
    return PlainTextResponse("plain")


@pytest.mark.parametrize(
    "handler",
    [
        by_name,
        with_header,
        with_tasks,
        with_response,
        no_response,
        unknown,
        blocking,
        wrapped(plain),
    ],
)
async def test_handler_that_takes_or_gives_more_is_called_by_fastapi(
    handler: Any, filled: Database
) -> None:
    mine = APIRouter()
    mine.get("/mine")(handler)
    reply = await ask(served(filled, mine), "/mine", headers=AS_ADA)
    assert (reply.status, reply.by_fastapi) == (200, True)


@pytest.mark.parametrize("dependency", [by_header, cleaning_up, in_a_thread, wrapped(owner)])
async def test_handler_whose_dependencies_need_fastapi_is_called_by_it(
    dependency: Any, filled: Database
) -> None:
    mine = APIRouter(dependencies=[Depends(dependency)])
    mine.get("/mine")(plain)
    reply = await ask(served(filled, mine), "/mine", headers=AS_ADA)
    assert reply.by_fastapi


async def uncached(_owner: Annotated[str, Depends(owner, use_cache=False)]) -> Response:
    """Ask again each time."""
    return PlainTextResponse("plain")


async def test_dependency_that_wants_no_cache_is_called_by_fastapi(filled: Database) -> None:
    mine = APIRouter()
    mine.get("/mine")(uncached)
    assert (await ask(served(filled, mine), "/mine", headers=AS_ADA)).by_fastapi


async def test_handler_that_returns_no_response_is_told(filled: Database) -> None:
    async def lying() -> Response:
        return {"no": "response"}  # type: ignore[return-value]  # what is tried

    mine = APIRouter()
    mine.get("/mine")(lying)
    reply = await ask(served(filled, mine, debug=True), "/mine")
    assert reply.status == 500
    assert b"lying" in reply.body
