"""The jobs of an application: known by name, run where its lifespan is entered."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from types import ModuleType
from typing import TYPE_CHECKING

import pytest
from fastapi import FastAPI

from fastgres.app import create_app, jobs_of, work, working_beside
from fastgres.errors import ConfigurationError, MigrationError, UnknownNameError
from fastgres.jobs import count_jobs, job
from fastgres.jobs.operating.listing import JobFilter

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from fastgres.db import Database
    from fastgres.settings import Settings

greeted = asyncio.Event()


@job()
async def greet() -> None:
    """Tell that it ran."""
    greeted.set()


@job(name="greet")
async def other() -> None:
    """Have the same name."""


def test_jobs_of_modules_and_jobs(settings: Settings) -> None:
    """Whatever else a module holds is no job."""
    module = ModuleType("chores")
    vars(module).update(greet=greet, settings=settings, FastAPI=FastAPI)
    app = create_app(settings, title="Test", routers=[], jobs=[module, greet])
    assert jobs_of(app) == {"greet": greet}
    assert jobs_of(FastAPI()) == {}


def test_name_that_is_used_twice_is_an_error_at_start(settings: Settings) -> None:
    """A worker would run one for the other."""
    with pytest.raises(ConfigurationError, match="Two jobs have the name 'greet'"):
        create_app(settings, title="Test", routers=[], jobs=[greet, other])


async def test_application_with_jobs_needs_the_tables(
    settings: Settings, empty_database: str
) -> None:
    """It would answer 500 to the first request that enqueues; the message says the command."""
    app = create_app(settings, title="Test", routers=[], jobs=[greet], database_url=empty_database)
    with pytest.raises(MigrationError, match=r"the jobs of this service.*fastgres db tables"):
        async with app.router.lifespan_context(app):
            raise AssertionError
    without = create_app(settings, title="Test", routers=[], database_url=empty_database)
    async with without.router.lifespan_context(without):
        pass


async def test_worker_needs_jobs(settings: Settings, database: Database) -> None:
    """It would wait for ever, and look as if all was well."""
    app = create_app(settings, title="Test", routers=[], database=database)
    with pytest.raises(ConfigurationError, match="has no jobs"):
        await work(app)


async def test_worker_needs_queues_that_there_are(settings: Settings, database: Database) -> None:
    """Before anything is opened."""
    app = create_app(settings, title="Test", routers=[], jobs=[greet], database=database)
    with pytest.raises(UnknownNameError, match="did you mean 'default'"):
        await work(app, queues=["defautl"])


@pytest.mark.clone
async def test_jobs_run_inside_the_lifespan(settings: Settings, database: Database) -> None:
    """What the application opens is open; it is closed once the last job has ended."""
    seen: list[str] = []

    @job()
    async def look() -> None:
        seen.append("job")
        greeted.set()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        seen.append("opened")
        yield
        seen.append("closed")

    greeted.clear()
    app = create_app(
        settings, title="Test", routers=[], jobs=[look], database=database, lifespan=lifespan
    )
    async with asyncio.timeout(30), app.router.lifespan_context(app), working_beside(app):
        async with database.session() as session, session.begin():
            await look.enqueue(session)
        await greeted.wait()
    assert seen == ["opened", "job", "closed"]
    assert await count_jobs(database, JobFilter()) == 0


async def test_without_jobs_there_is_no_worker_beside(
    settings: Settings, database: Database
) -> None:
    """Nor a connection for it: on this database, which all share, a worker would refuse to run."""
    app = create_app(settings, title="Test", routers=[], database=database)
    async with working_beside(app):
        pass
