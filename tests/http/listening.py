"""A service on a real socket, and a client that may misbehave."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import uvicorn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import FastAPI

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
