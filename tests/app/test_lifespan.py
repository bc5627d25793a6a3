"""What is opened before the first request, and closed after the last."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, ClassVar

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from sqlalchemy import text

from fastgres.app import create_app
from fastgres.errors import ConfigurationError, MigrationError
from fastgres.http import Lifecycle, SessionDep
from fastgres.idempotency import anyone, idempotent
from fastgres.jobs import Job, job
from fastgres.repository import KeysetQuery, Repository
from fastgres.settings import Settings, load_settings
from tests.models import Counter
from tests.relay import Relay

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


@pytest.mark.parametrize(("environment", "told"), [("development", 1), ("test", 0)])
async def test_misspelt_variable_is_named_in_development(
    environment: str,
    told: int,
    settings: Settings,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LOG_LEVL", "debug")
    here = settings.model_copy(update={"environment": environment, "log_format": "json"})
    app = create_app(here, title="Test", routers=[router], database_url=AWAY)
    async with app.router.lifespan_context(app):
        pass
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    found = [line for line in lines if line["event"] == "setting not known"]
    assert [(line["variable"], line["did_you_mean"]) for line in found] == (
        [("LOG_LEVL", "LOG_LEVEL")] * told
    )


async def test_outage_is_one_line_and_so_is_its_end(
    database_url: str, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """Requests and probes fail meanwhile, again and again; the access log tells of each."""
    here = settings.model_copy(update={"log_format": "json"})
    async with Relay(database_url) as relay:
        app = create_app(here, title="Test", routers=[router], database_url=relay.url)
        async with app.router.lifespan_context(app):
            relay.refusing = True
            for path in ("/one", "/readyz", "/one", "/readyz", "/one"):
                assert (await get(app, path)).status_code == 503
            relay.refusing = False
            assert (await get(app, "/one")).status_code == 200
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    told = [line for line in lines if line["level"] in {"warning", "error"}]
    assert [line["event"] for line in told] == ["database away", "database back"]
    assert told[0]["meanwhile"] == "requests that need it are answered 503"


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


async def test_idempotent_routes_stay_ready_when_the_lifespan_adds_one(
    settings: Settings, database: Database
) -> None:
    keyed = APIRouter()

    @keyed.post("/keyed", dependencies=[idempotent(caller=anyone)])
    async def answer() -> str:
        return "yes"

    @asynccontextmanager
    async def adding(_app: FastAPI) -> AsyncIterator[None]:
        keyed.add_api_route("/later", answer)
        yield

    options = {"database": database, "lifespan": adding}
    app = create_app(settings, title="Test", routers=[keyed], **options)  # type: ignore[arg-type]  # both fit
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://localhost") as client,
    ):
        headers = {"Idempotency-Key": "k-1"}
        replies = [await client.post("/keyed", headers=headers) for _ in range(2)]
    assert [reply.status_code for reply in replies] == [200, 200]
    assert replies[1].headers["Idempotent-Replayed"] == "true"


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


keyed = APIRouter()


@keyed.post("/keyed", dependencies=[idempotent(caller=anyone)])
async def take(session: SessionDep) -> int:
    """Answer once a key."""
    found: int = await session.scalar(text("SELECT 1"))
    return found


@job()
async def nothing() -> None:
    """Do nothing, durably."""


async def starts(app: FastAPI) -> set[str]:
    """Start an application and end it; return the tasks that ran beside it."""
    async with app.router.lifespan_context(app):
        return {task.get_name() for task in asyncio.all_tasks()}


@pytest.mark.parametrize(
    ("routers", "jobs", "needed_by"),
    [([keyed], [], "the idempotent routes"), ([router], [nothing], "the jobs")],
    ids=["keys", "jobs"],
)
async def test_start_says_that_its_tables_are_missing(
    empty_database: str, routers: list[APIRouter], jobs: list[Job[[]]], needed_by: str
) -> None:
    """Else the first order of the day would."""
    settings = load_settings(Settings, environment="test", database_url=empty_database)
    app = create_app(settings, title="Test", routers=routers, jobs=jobs)
    with pytest.raises(MigrationError, match=f"missing .*{needed_by} .*fastgres db tables"):
        await starts(app)


async def test_a_service_without_jobs_and_keys_needs_no_tables(empty_database: str) -> None:
    """Nor does it look for them: its database may be away."""
    settings = load_settings(Settings, environment="test", database_url=empty_database)
    await starts(create_app(settings, title="Test", routers=[router]))


@pytest.mark.clone
async def test_who_has_keys_and_no_workers_looks_after_the_tables(
    settings: Settings, database: Database
) -> None:
    """Expired keys would stay for ever."""
    upkeep = "upkeep of tables"
    alone = create_app(settings, title="Test", routers=[keyed], database=database)
    assert upkeep in await starts(alone)
    helped = create_app(settings, title="T", routers=[keyed], database=database, jobs=[nothing])
    assert upkeep not in await starts(helped)
    assert upkeep not in {task.get_name() for task in asyncio.all_tasks()}
