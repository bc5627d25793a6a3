"""Streams, server-sent events and files: their connection is back before the body."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, Depends, Request
from fastapi.responses import FileResponse, JSONResponse, Response, StreamingResponse
from fastapi.sse import EventSourceResponse
from sqlalchemy import select, text

from fastgres.db import Database, Session
from fastgres.errors import ConfigurationError, ConflictError
from fastgres.http import DatabaseDep, SessionDep, with_session
from fastgres.observability import configure_logging
from tests.http.listening import serving
from tests.models import Counter

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from fastgres.settings import Settings
    from tests.http.conftest import Serve

pytestmark = pytest.mark.clone

BUSY = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND state <> 'idle'"
)
"""Backends that run a statement, or sit in an open transaction."""

TRACEBACK = "Traceback (most recent call last):"
"""How that of one error begins; that of a group is called so."""

ANSWER = text("SELECT 42")

LARGE = 64 * 1024 * 1024
"""More bytes than sockets and buffers on the way hold."""


async def test_error_in_a_stream_is_one_record(
    router: APIRouter,
    database_url: str,
    settings: Settings,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Task groups wrap it layer by layer, and the server would tell all of them again."""

    @router.get("/rows")
    async def rows() -> StreamingResponse:
        async def content() -> AsyncIterator[bytes]:
            yield b"row"
            raise ValueError("the bug")

        return StreamingResponse(content())

    @router.get("/events", response_class=EventSourceResponse)
    async def events() -> AsyncIterator[str]:
        yield "event"
        raise ValueError("the bug")

    @router.get("/conflict")
    async def conflict() -> StreamingResponse:
        async def content() -> AsyncIterator[bytes]:
            yield b"row"
            raise ConflictError("too late to be answered")

        return StreamingResponse(content())

    configure_logging(settings.model_copy(update={"log_format": "json"}))
    with serving(router, database_url, settings) as (port, _):
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            for path in ("/rows", "/events", "/conflict"):
                with pytest.raises(httpx.RemoteProtocolError):
                    await client.get(path)
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    told = [line for line in lines if line["level"] in {"error", "warning"}]
    assert [line["event"] for line in told] == ["response cut off"] * 3
    assert [line["stack"].splitlines()[0] for line in told] == [TRACEBACK] * 3
    assert [line["error"] for line in told[:2]] == ["ValueError", "ValueError"]
    assert "too late to be answered" in told[2]["stack"]


async def reader(session: SessionDep) -> int:
    """Read in the transaction of the request, as who authenticates does."""
    return int(await session.scalar(ANSWER) or 0)


async def writer(session: SessionDep) -> None:
    """Write something first."""
    async with session.begin():
        session.add(Counter(value=1))
    await session.scalar(select(1))


ReaderDep = Annotated[int, Depends(reader)]


class Gate:
    """Halt bodies in the middle, until the test lets them go on."""

    def __init__(self) -> None:
        self._open = asyncio.Event()

    async def halt(self) -> None:
        """Wait for `/open`."""
        await self._open.wait()

    def open(self) -> None:
        """Let all go on."""
        self._open.set()


def streams(gate: Gate, large: Path) -> APIRouter:
    """Make routes that read first and then send a body which halts."""
    router = APIRouter()

    @router.post("/open")
    async def let_go() -> None:
        gate.open()

    @router.get("/stream")
    async def stream(session: SessionDep, found: ReaderDep) -> StreamingResponse:
        await session.scalars(select(Counter))

        async def body() -> AsyncIterator[bytes]:
            yield b"%d" % found
            await gate.halt()
            yield b" end"

        return StreamingResponse(body())

    @router.get("/events", response_class=EventSourceResponse)
    async def events(found: ReaderDep) -> AsyncIterator[str]:
        yield str(found)
        await gate.halt()
        yield "end"

    @router.get("/lines", dependencies=[Depends(writer)])
    async def lines() -> AsyncIterator[int]:
        yield 42
        await gate.halt()
        yield 43

    @router.get("/file", dependencies=[Depends(reader), Depends(writer)])
    async def file() -> FileResponse:
        return FileResponse(large)

    @router.get("/fresh", response_class=EventSourceResponse)
    async def fresh(database: DatabaseDep) -> AsyncIterator[int]:
        for _ in range(2):
            async with database.session() as session:
                found = int(await session.scalar(ANSWER) or 0)
            yield found
            await gate.halt()

    return router


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A file of zeros that takes no room."""
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(LARGE)
    return path


@pytest.mark.parametrize(
    ("path", "first", "last"),
    [
        ("/stream", "42", " end"),
        ("/events", 'data: "42"\n\n', 'data: "end"\n\n'),
        ("/lines", "42\n", "43\n"),
        ("/fresh", "data: 42\n\n", "data: 42\n\n"),
    ],
)
async def test_no_connection_is_held_while_the_body_is_sent(
    path: str,
    first: str,
    last: str,
    *,
    database: Database,
    database_url: str,
    settings: Settings,
    large: Path,
) -> None:
    with serving(streams(Gate(), large), database_url, settings) as (port, served):
        async with (
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client,
            client.stream("GET", path) as response,
        ):
            chunks = response.aiter_text()
            assert await anext(chunks) == first
            assert served.pool_status().lent == 0
            assert await busy(database) == 0
            await client.post("/open")
            assert "".join([chunk async for chunk in chunks]) == last


async def test_no_connection_is_held_while_a_slow_client_takes_a_file(
    database: Database, database_url: str, settings: Settings, large: Path
) -> None:
    with serving(streams(Gate(), large), database_url, settings) as (port, served):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /file HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200")
        assert served.pool_status().lent == 0
        assert await busy(database) == 0
        left = LARGE
        while chunk := await reader.read(1024 * 1024):
            left -= len(chunk)
        assert left == 0
        writer.close()


class Shelf:
    """Something that is made of the session."""

    def __init__(self, session: Session) -> None:
        self.session = session


async def shelf_of(session: SessionDep) -> Shelf:
    """Make one by a function that nobody knows to give a session."""
    return Shelf(session)


ShelfDep = Annotated[Shelf, Depends(with_session(Shelf))]


async def events(session: SessionDep) -> AsyncIterator[int]:
    """Stream with the session of the request."""
    yield int(await session.scalar(ANSWER) or 0)


async def shelf_events(shelf: ShelfDep) -> AsyncIterator[int]:
    """Stream with what is made of it."""
    yield int(await shelf.session.scalar(ANSWER) or 0)


@pytest.mark.parametrize("kind", [EventSourceResponse, StreamingResponse, JSONResponse])
@pytest.mark.parametrize("handler", [events, shelf_events])
async def test_a_stream_that_asks_for_the_session_is_refused_at_the_start(
    handler: Any, kind: type[Response], router: APIRouter, serve: Serve
) -> None:
    router.add_api_route("/events", handler, response_class=kind)
    with pytest.raises(ConfigurationError, match="Ask for DatabaseDep instead"):
        await (await serve(router)).get("/livez")


async def test_a_session_that_reaches_a_stream_otherwise_is_refused_its_statements(
    router: APIRouter, database_url: str, settings: Settings
) -> None:
    """Its connection, on which the dependency has read, is back all the same."""

    @router.get("/events", response_class=EventSourceResponse)
    async def hidden(
        shelf: Annotated[Shelf, Depends(shelf_of)], _: ReaderDep, request: Request
    ) -> AsyncIterator[str]:
        assert request.url.path == "/events"
        try:
            await shelf.session.scalar(ANSWER)
        except ConfigurationError as error:
            yield str(error)

    with serving(router, database_url, settings) as (port, served):
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            replies = await asyncio.gather(*(client.get("/events") for _ in range(5)))
        assert served.pool_status().lent == 0
    assert all("is closed when its response begins" in reply.text for reply in replies)


async def busy(database: Database) -> int:
    """Count the backends of others that are not idle."""
    async with database.session() as session:
        return int(await session.scalar(BUSY) or 0)
