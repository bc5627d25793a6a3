"""The probes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter

from fastgres.db import Database
from fastgres.settings import Settings

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
