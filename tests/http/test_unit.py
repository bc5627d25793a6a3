"""The session of a request, and what becomes of it before the first byte."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, BackgroundTasks, Depends, HTTPException
from fastapi.responses import StreamingResponse
from sqlalchemy import func, select, text

from fastgres.db import Database, Session
from fastgres.errors import ConfigurationError, ServerUnavailableError
from fastgres.http import DatabaseDep, SessionDep
from fastgres.http.lifecycle import Lifecycle
from fastgres.http.unit import RequestUnit
from fastgres.observability import configure_logging
from fastgres.settings import Settings
from tests.http.conftest import asgi_scope, ignored, nothing_more, service
from tests.models import Author, metadata

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.http.conftest import Serve

pytestmark = pytest.mark.clone
COUNT = select(func.count()).select_from(Author)


def ada() -> Author:
    """Make somebody to lose."""
    return Author(name="Ada", email="ada@example.com")


async def authors(database: Database) -> int | None:
    """Count what was committed."""
    async with database.session() as session:
        return await session.scalar(COUNT)


async def taker(session: SessionDep) -> Session:
    """Ask for the session too."""
    return session


async def test_dependencies_of_a_request_share_one_session(
    router: APIRouter, serve: Serve, database: Database
) -> None:
    seen: list[Session] = []

    @router.get("/shared")
    async def shared(session: SessionDep, same: Annotated[Session, Depends(taker)]) -> bool:
        seen.append(session)
        return session is same

    client = await serve(router, database=database)
    assert (await client.get("/shared")).json() is True
    assert (await client.get("/shared")).json() is True
    assert seen[0] is not seen[1]


async def test_session_takes_no_connection_before_its_first_statement(
    router: APIRouter, serve: Serve, database: Database
) -> None:
    @router.get("/lent")
    async def lent(session: SessionDep) -> list[int]:
        before = database.pool_status().lent
        await session.execute(text("SELECT 1"))
        return [before, database.pool_status().lent]

    client = await serve(router, database=database)
    assert (await client.get("/lent")).json() == [0, 1]


async def test_connection_is_back_before_the_first_byte(
    router: APIRouter, serve: Serve, database: Database
) -> None:
    """Also while the body of the response is still being made."""

    @router.get("/stream")
    async def stream(session: SessionDep) -> StreamingResponse:
        await session.execute(text("SELECT 1"))

        async def body() -> AsyncIterator[bytes]:
            yield str(database.pool_status().lent).encode()

        return StreamingResponse(body())

    client = await serve(router, database=database)
    assert (await client.get("/stream")).text == "0"


async def test_what_the_service_committed_stays(
    router: APIRouter, serve: Serve, database: Database
) -> None:
    @router.post("/authors", status_code=201)
    async def make(session: SessionDep) -> None:
        async with session.begin():
            session.add(ada())

    client = await serve(router, database=database)
    assert (await client.post("/authors")).status_code == 201
    assert await authors(database) == 1


@pytest.mark.parametrize("flush", [False, True])
async def test_success_over_uncommitted_changes_is_refused_here(
    *,
    flush: bool,
    router: APIRouter,
    serve: Serve,
    database: Database,
    capsys: pytest.CaptureFixture[str],
) -> None:
    ran: list[str] = []

    @router.post("/authors", status_code=201)
    async def make(session: SessionDep, background: BackgroundTasks) -> None:
        background.add_task(ran.append, "mail")
        session.add(ada())
        if flush:
            await session.flush()

    configure_logging(Settings(environment="test", log_format="json"))
    reply = await (await serve(router, database=database)).post("/authors")
    assert reply.status_code == 500
    assert reply.json()["code"] == "internal_error"
    assert "Author" not in reply.text
    line = json.loads(capsys.readouterr().err.splitlines()[0])
    assert line["event"] == "uncommitted changes"
    assert line["changes"] == ["new Author"]
    assert "async with session.begin()" in line["hint"]
    assert ran == []
    assert await authors(database) == 0
    assert database.pool_status().lent == 0


async def test_success_over_uncommitted_changes_is_counted_in_production(
    router: APIRouter, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    @router.post("/authors", status_code=201)
    async def make(session: SessionDep) -> None:
        session.add(ada())
        await session.flush()

    app = service(
        router,
        database=database,
        environment="production",
        secret_key="0123456789012345678901234567890123456789",
        database_url="postgresql://nobody@127.0.0.1:1/none",
    )
    configure_logging(app.state.lifecycle.settings)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        assert (await client.post("/authors")).status_code == 201
    assert app.state.lifecycle.lost_writes == 1
    assert "uncommitted changes rolled back" in capsys.readouterr().err
    assert await authors(database) == 0


async def test_refusal_after_a_change_needs_no_commit(
    router: APIRouter, serve: Serve, database: Database
) -> None:
    @router.post("/authors")
    async def make(session: SessionDep) -> None:
        session.add(ada())
        await session.flush()
        raise HTTPException(409, "Changed my mind.")

    client = await serve(router, database=database)
    assert (await client.post("/authors")).status_code == 409
    assert await authors(database) == 0


async def test_bug_rolls_back_and_gives_the_connection_back(
    router: APIRouter, serve: Serve, database: Database
) -> None:
    @router.post("/authors")
    async def make(session: SessionDep) -> None:
        async with session.begin():
            session.add(ada())
            await session.flush()
            raise ValueError("a bug")

    client = await serve(router, database=database)
    assert (await client.post("/authors")).status_code == 500
    assert await authors(database) == 0
    assert database.pool_status().lent == 0


async def test_session_asked_for_once_the_response_has_begun_is_refused(
    database: Database,
) -> None:
    unit = RequestUnit(Lifecycle(Settings(environment="test"), database))
    await unit.settle(200)
    with pytest.raises(ConfigurationError, match="its response has begun"):
        _ = unit.session


async def test_session_kept_for_a_stream_is_closed(
    router: APIRouter, serve: Serve, database: Database
) -> None:
    caught: list[str] = []

    @router.get("/stream")
    async def stream(session: SessionDep) -> StreamingResponse:
        await session.execute(text("SELECT 1"))

        async def body() -> AsyncIterator[bytes]:
            try:
                await session.execute(text("SELECT 1"))
            except Exception as error:  # noqa: BLE001 - whatever it is, it is the point
                caught.append(str(error))
            yield b"done"

        return StreamingResponse(body())

    await (await serve(router, database=database)).get("/stream")
    assert len(caught) == 1
    assert "closed" in caught[0]


async def test_cancelled_request_gives_its_connection_back(
    router: APIRouter, database: Database
) -> None:
    """A server that is out of patience cancels, and may cancel again while we clean up."""
    inside = asyncio.Event()

    @router.get("/sleep")
    async def sleep(session: SessionDep) -> None:
        async with session.begin():
            session.add(ada())
            await session.flush()
            inside.set()
            await session.execute(text("SELECT pg_sleep(60)"))

    app = service(router, database=database)
    request = asyncio.create_task(app(asgi_scope("/sleep"), nothing_more, ignored))
    await inside.wait()
    while not request.done():
        request.cancel()
        await asyncio.sleep(0)
    assert request.cancelled()
    assert await app.state.lifecycle.idle(5)
    assert database.pool_status().lent == 0
    assert await authors(database) == 0


async def test_client_that_left_leaves_no_connection_behind(
    router: APIRouter, database: Database
) -> None:
    """Uvicorn lets the route finish and drops what it sends."""

    @router.get("/read")
    async def read(session: SessionDep) -> None:
        await session.execute(text("SELECT 1"))

    async def gone(_: Any) -> None:
        raise OSError("the client is gone")

    app = service(router, database=database)
    with pytest.raises(OSError, match="gone"):
        await app(asgi_scope("/read"), nothing_more, gone)
    assert database.pool_status().lent == 0
    assert app.state.lifecycle.active == 0


async def test_lost_server_is_answered_503(
    router: APIRouter, serve: Serve, database: Database
) -> None:
    @router.get("/read")
    async def read(session: SessionDep, other: DatabaseDep) -> None:
        pid = await session.scalar(text("SELECT pg_backend_pid()"))
        async with other.session() as second:
            await second.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        await session.execute(text("SELECT 1"))

    reply = await (await serve(router, database=database)).get("/read")
    assert reply.status_code == 503
    assert reply.json()["code"] == ServerUnavailableError.code
    assert reply.headers["Retry-After"] == "2"
    assert database.pool_status().lent == 0


async def test_exhausted_pool_is_answered_503(
    router: APIRouter, serve: Serve, database_url: str, settings: Settings
) -> None:
    narrow = settings.model_copy(update={"database_pool_size": 1, "database_pool_timeout": 0.1})
    database = Database(database_url, narrow, metadata=metadata)

    @router.get("/read")
    async def read(session: SessionDep, other: DatabaseDep) -> None:
        await session.execute(text("SELECT 1"))
        async with other.session() as second:
            await second.execute(text("SELECT 1"))

    reply = await (await serve(router, database=database)).get("/read")
    assert (reply.status_code, reply.json()["code"]) == (503, "overloaded")
    assert database.pool_status().lent == 0
    await database.close()
