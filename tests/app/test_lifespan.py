"""What is opened before the first request, and closed after the last."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, ClassVar

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from sqlalchemy import text

from fastgres.app import create_app
from fastgres.errors import ConfigurationError
from fastgres.http import Lifecycle, SessionDep
from fastgres.repository import KeysetQuery, Repository
from fastgres.settings import Settings
from tests.models import Counter

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from fastgres.db import Database

router = APIRouter()
AWAY = "postgresql://nobody@127.0.0.1:1/none"


@router.get("/one")
async def one(session: SessionDep) -> int:
    """Ask the database."""
    found: int = await session.scalar(text("SELECT 1"))
    return found


def lifecycle_of(app: FastAPI) -> Lifecycle:
    """Return the lifecycle of an application."""
    found: Lifecycle = app.state.lifecycle
    return found


async def get(app: FastAPI, path: str) -> httpx.Response:
    """Ask an application."""
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        return await client.get(path)


async def test_database_is_open_while_the_application_runs(settings: Settings) -> None:
    app = create_app(settings, title="Test", routers=[router])
    for _ in range(2):
        async with app.router.lifespan_context(app):
            opened = lifecycle_of(app).opened_database
            assert (await get(app, "/one")).json() == 1
        assert lifecycle_of(app).database is None
        assert opened.pool_status().open == 0


async def test_given_database_is_left_open(settings: Settings, database: Database) -> None:
    app = create_app(settings, title="Test", routers=[router], database=database)
    async with app.router.lifespan_context(app):
        assert (await get(app, "/one")).json() == 1
    async with database.session() as session:
        assert await session.scalar(text("SELECT 1")) == 1


async def test_application_starts_while_the_database_is_away() -> None:
    settings = Settings(environment="test")
    app = create_app(settings, title="Test", routers=[router], database_url=AWAY)
    async with app.router.lifespan_context(app):
        assert (await get(app, "/livez")).status_code == 200
        assert (await get(app, "/readyz")).status_code == 503
        reply = await get(app, "/one")
        assert (reply.status_code, reply.json()["code"]) == (503, "database_unavailable")
        assert "Retry-After" in reply.headers


async def test_own_resources_open_after_the_database_and_close_before_it(
    settings: Settings,
) -> None:
    seen: list[bool] = []

    @asynccontextmanager
    async def own(app: FastAPI) -> AsyncIterator[None]:
        seen.append(lifecycle_of(app).database is not None)
        yield
        seen.append(lifecycle_of(app).database is not None)

    app = create_app(settings, title="Test", routers=[], lifespan=own)
    async with app.router.lifespan_context(app):
        pass
    assert seen == [True, True]


async def test_what_was_opened_is_closed_when_start_up_fails_halfway(settings: Settings) -> None:
    opened: list[Database] = []

    @asynccontextmanager
    async def broken(app: FastAPI) -> AsyncIterator[None]:
        database = lifecycle_of(app).opened_database
        await database.ping()
        opened.append(database)
        if opened:
            raise ValueError("no configuration")
        yield

    app = create_app(settings, title="Test", routers=[], lifespan=broken)
    with pytest.raises(ValueError, match="no configuration"):
        async with app.router.lifespan_context(app):
            pass
    assert lifecycle_of(app).database is None
    assert opened[0].pool_status().open == 0


async def test_shutdown_turns_readiness_off(settings: Settings, database: Database) -> None:
    app = create_app(settings, title="Test", routers=[], database=database)
    async with app.router.lifespan_context(app):
        assert (await get(app, "/readyz")).status_code == 200
    assert (await get(app, "/readyz")).status_code == 503
    async with app.router.lifespan_context(app):
        assert (await get(app, "/readyz")).status_code == 200


async def test_a_filter_that_names_no_column_fails_at_the_start(settings: Settings) -> None:
    class CounterQuery(KeysetQuery):
        valeu: int | None = None

    class CounterRepository(Repository[Counter]):
        queries: ClassVar[Sequence[type[KeysetQuery]]] = (CounterQuery,)

    app = create_app(settings, title="Test", routers=[])
    try:
        with pytest.raises(ConfigurationError, match="'value'"):
            await app.router.lifespan_context(app).__aenter__()
    finally:
        CounterRepository.queries = ()
