"""The probes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fastapi import APIRouter

from fastgres.db import Database
from fastgres.settings import Settings
from tests.http.conftest import service
from tests.http.listening import listening

if TYPE_CHECKING:
    from tests.http.conftest import Serve


async def test_live_without_any_database(router: APIRouter, serve: Serve) -> None:
    reply = await (await serve(router)).get("/livez")
    assert (reply.status_code, reply.json()) == (200, {"status": "alive"})
    assert reply.headers["Cache-Control"] == "no-store"


async def test_ready_with_a_database(router: APIRouter, serve: Serve, database: Database) -> None:
    reply = await (await serve(router, database=database)).get("/readyz")
    assert (reply.status_code, reply.json()) == (200, {"status": "ready"})


async def test_not_ready_while_it_is_away(router: APIRouter, serve: Serve) -> None:
    away = Database("postgresql://nobody@127.0.0.1:1/none", Settings(environment="test"))
    reply = await (await serve(router, database=away)).get("/readyz")
    assert (reply.status_code, reply.json()["code"]) == (503, "database_unavailable")
    assert reply.headers["Retry-After"] == "2"
    await away.close()


async def test_head_answers_like_get_without_a_body(router: APIRouter) -> None:
    app = service(router)
    request = b"HEAD /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    with listening(app) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request)
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
    assert (head.split()[1], body) == (b"200", b"")
    assert b"content-length: 18" in head
    assert set(app.openapi()["paths"]["/livez"]) == {"get"}


async def test_head_of_readyz_asks_the_database(
    router: APIRouter, serve: Serve, database: Database
) -> None:
    assert (await (await serve(router, database=database)).head("/readyz")).status_code == 200


async def test_head_of_readyz_is_503_without_a_database(router: APIRouter, serve: Serve) -> None:
    assert (await (await serve(router)).head("/readyz")).status_code == 503
