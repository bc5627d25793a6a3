"""`run_jobs`, in tests that are rolled back and in tests that are not."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from fastgres.app import create_app
from fastgres.errors import JobError
from fastgres.jobs import RunningJob, count_jobs, job
from fastgres.jobs.operating.listing import JobFilter
from tests.models import Counter

if TYPE_CHECKING:
    from fastapi import FastAPI

    from fastgres.db import Database, Session
    from fastgres.settings import Settings
    from fastgres.testing import RunJobs

broken = False


@job()
async def count_up(job: RunningJob, value: int) -> None:
    """Write in the transaction that ends the job."""
    if broken:
        raise OSError("The printer is on fire.")
    async with job.session() as session, session.begin():
        session.add(Counter(value=value))
        await job.complete(session)


@pytest.fixture
def app(settings: Settings, database: Database) -> FastAPI:
    """An application with a job."""
    return create_app(settings, title="Test", routers=[], jobs=[count_up], database=database)


@pytest.fixture(autouse=True)
def _mended() -> None:
    global broken  # noqa: PLW0603 - the job has no other way to be told
    broken = False


async def values(session: Session) -> list[int]:
    """Return what the jobs have written."""
    async with session.begin():
        return list(await session.scalars(select(Counter.value).order_by(Counter.value)))


async def test_jobs_run_when_the_test_says_so(session: Session, run_jobs: RunJobs) -> None:
    """On the connection that is rolled back; their effect is seen by the test."""
    async with session.begin():
        await count_up.enqueue(session, value=1)
        await count_up.enqueue(session, value=2)
    assert (await run_jobs()).done == 2
    assert await values(session) == [1, 2]


@pytest.mark.clone
async def test_jobs_of_a_cloned_database(session: Session, run_jobs: RunJobs) -> None:
    """With connections of their own."""
    async with session.begin():
        await count_up.enqueue(session, value=1)
    assert (await run_jobs()).done == 1
    assert await values(session) == [1]


async def test_job_that_fails_fails_the_test(
    database: Database, session: Session, run_jobs: RunJobs
) -> None:
    """With its own error and traceback: a test that goes on would say something else later."""
    global broken  # noqa: PLW0603 - the job has no other way to be told
    broken = True
    async with session.begin():
        await count_up.enqueue(session, value=1)
    with pytest.raises(JobError, match=r"(?s)'count_up'.*The printer is on fire.*Traceback"):
        await run_jobs()
    assert await count_jobs(database, JobFilter(states=("retrying",))) == 1


async def test_failure_that_is_meant(session: Session, run_jobs: RunJobs) -> None:
    """Its next attempt waits, and is run when the test says so."""
    global broken  # noqa: PLW0603 - the job has no other way to be told
    broken = True
    async with session.begin():
        await count_up.enqueue(session, value=1)
    assert (await run_jobs(strict=False)).failed == 1
    broken = False
    assert (await run_jobs()).done == 0
    assert (await run_jobs(later=True)).done == 1


async def test_scheduled_jobs_run_when_asked(session: Session, run_jobs: RunJobs) -> None:
    """Nobody waits for tomorrow."""
    async with session.begin():
        await count_up.schedule(session, timedelta(days=1), value=1)
    assert (await run_jobs()).done == 0
    assert (await run_jobs(later=True)).done == 1
