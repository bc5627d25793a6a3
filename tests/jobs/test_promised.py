"""A job is enqueued in a unit of work, or not at all."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession

from fastgres.app import create_app
from fastgres.errors import ConfigurationError
from fastgres.http import SessionDep
from fastgres.jobs import enqueue_many
from fastgres.testing.client import serving
from tests.jobs.workshop import leave_note, value

if TYPE_CHECKING:
    from fastgres.db import Database, Session
    from fastgres.settings import Settings

COUNT = "SELECT count(*) FROM fastgres.jobs"


async def test_job_outside_of_a_unit_is_refused(session: Session) -> None:
    """In a test that is rolled back it would even be run, and lost in the service."""
    with pytest.raises(ConfigurationError, match=r"'leave_note'.* outside of a unit"):
        await leave_note.enqueue(session)
    with pytest.raises(ConfigurationError, match="outside of a unit"):
        await leave_note.schedule(session, timedelta(days=1))
    with pytest.raises(ConfigurationError, match="outside of a unit"):
        await enqueue_many(session, [leave_note.call(), leave_note.call()])


async def test_savepoint_of_sqlalchemy_is_no_unit(session: Session) -> None:
    async with session.begin_nested():
        with pytest.raises(ConfigurationError, match="outside of a unit"):
            await leave_note.enqueue(session)


async def test_request_that_would_lose_a_job_fails_in_a_test_too(
    settings: Settings, database: Database
) -> None:
    """Rolled back as it is: what is green here is not lost there."""
    router = APIRouter()

    @router.post("/notes", status_code=202)
    async def promise(session: SessionDep) -> None:
        await leave_note.enqueue(session)

    @router.post("/kept", status_code=202)
    async def keep(session: SessionDep) -> None:
        async with session.begin():
            await leave_note.enqueue(session)

    app = create_app(settings, title="Notes", routers=[router], database=database)
    async with serving(app) as client:
        assert (await client.post("/notes")).status_code == 500
        assert await value(database, COUNT) == 0
        assert (await client.post("/kept")).status_code == 202
    assert await value(database, COUNT) == 1


async def test_units_of_all_kinds_keep_a_job(session: Session, database: Database) -> None:
    """A savepoint in a unit, one that is run again after a lost race, one beside it."""
    async with session.begin(), session.begin():
        await leave_note.enqueue(session)
    await session.retry(lambda: leave_note.enqueue(session))
    assert await value(database, COUNT) == 2


@pytest.mark.clone
async def test_independent_unit_keeps_a_job(session: Session, database: Database) -> None:
    async with session.independent() as own:
        await leave_note.enqueue(own)
    assert await value(database, COUNT) == 1


@pytest.mark.clone
async def test_session_of_sqlalchemy_is_committed_as_its_owner_does(database: Database) -> None:
    async with AsyncSession(database.engine) as session:
        await leave_note.enqueue(session)
        await session.commit()
    assert await value(database, COUNT) == 1
