"""Bare ASGI with asyncpg: the practical limit of one Python process, not a way to write services.

No routing beyond comparing the path's beginning, no errors beyond 404, no reset query in the
pool; the statements are those of `starlette`.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

import asyncpg

from bench.contestants import placing, sql

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

pool: asyncpg.Pool[Any]


async def app(scope: Message, receive: Receive, send: Send) -> None:
    """Answer a request, or start and stop."""
    if scope["type"] == "lifespan":
        await live(receive, send)
        return
    if scope["method"] == "POST":
        write = placing.create if scope["path"] == "/customers" else placing.place
        await answer(send, await write(pool, await received(receive)), status=201)
        return
    statement, parameters = read_of(scope["path"], scope["query_string"])
    await answer(send, await pool.fetchval(statement, *parameters), status=200)


async def received(receive: Receive) -> bytes:
    """Return the body of a request."""
    body = b""
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


async def answer(send: Send, body: str | None, *, status: int) -> None:
    """Send JSON; nothing is a 404."""
    text = b"" if body is None else body.encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(text)),
    ]
    start = {"type": "http.response.start", "status": 404 if body is None else status}
    await send({**start, "headers": headers})
    await send({"type": "http.response.body", "body": text})


def read_of(path: str, query: bytes) -> tuple[str, tuple[object, ...]]:
    """Return the statement of a URL and its parameters."""
    if path.startswith("/customers/"):
        return sql.FLAT, (UUID(path[11:]),)
    if path.startswith("/orders/"):
        return sql.NESTED, (UUID(path[8:]),)
    values = {name: value[0] for name, value in parse_qs(query.decode()).items()}
    size = int(values.get("size", 50))
    if "status" in values:
        return sql.SEARCH, (size, values["status"], Decimal(values["total_min"]))
    if "before" in values:
        time, key = values["before"].split(",")
        return sql.DEEP, (size, datetime.fromisoformat(time), UUID(key))
    return sql.PAGE, (size,)


async def no_reset(connection: Any) -> None:
    """Give a connection back as it is."""


async def live(receive: Receive, send: Send) -> None:
    """Open the pool at the start and close it at the end."""
    global pool  # noqa: PLW0603 - bare ASGI has no other place for it
    await receive()
    pool = await asyncpg.create_pool(
        os.environ["DATABASE_URL"], min_size=10, max_size=10, reset=no_reset
    )
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await pool.close()
    await send({"type": "lifespan.shutdown.complete"})
