"""A service on a real socket, and a client that may misbehave."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

import uvicorn
from fastapi import APIRouter, FastAPI

from fastgres.db import Database
from fastgres.http import Lifecycle, install
from tests.models import metadata

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from fastgres.settings import Settings

Answer = tuple[int, dict[str, str], bytes]


@contextmanager
def listening(app: FastAPI) -> Iterator[int]:
    """Serve an application by uvicorn in a thread; give its port."""
    config = uvicorn.Config(app, log_config=None, access_log=False, server_header=False)
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def serving(
    router: APIRouter, url: str, settings: Settings, **options: Any
) -> Iterator[tuple[int, Database]]:
    """Serve routes on a database of their own; give the port and the database."""
    database = Database(url, settings.model_copy(update=options), metadata=metadata)

    @asynccontextmanager
    async def closing(_: FastAPI) -> AsyncIterator[None]:
        yield
        await database.close()

    app = FastAPI(title="Test", lifespan=closing)
    install(app, Lifecycle(settings.model_copy(update=options), database))
    app.include_router(router)
    with listening(app) as port:
        yield port, database


async def exchange(port: int, request: bytes) -> Answer:
    """Send bytes, whatever they are, and read one response."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        async with asyncio.timeout(10):
            return await read_response(reader)
    finally:
        writer.close()


def send_all_then_read(port: int, request: bytes) -> bytes:
    """Send every byte before looking for an answer, as simple clients do; return its first line."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(request)
        with connection.makefile("rb") as answer:
            return answer.readline()


async def read_response(reader: asyncio.StreamReader) -> Answer:
    """Read one response with a Content-Length."""
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    body = await reader.readexactly(int(headers["content-length"]))
    return int(first.split()[1]), headers, body
