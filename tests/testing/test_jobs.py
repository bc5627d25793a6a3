"""`run_jobs`, in tests that are rolled back and in tests that are not."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from fastgres.app import create_app
from fastgres.errors import JobError
from fastgres.jobs import Job, RunningJob, count_jobs, job
from fastgres.jobs.operating.listing import JobFilter
from tests.models import Counter

if TYPE_CHECKING:
    from fastapi import FastAPI

    from fastgres.db import Database, Session
    from fastgres.settings import Settings
    from fastgres.testing import RunJobs

broken = False
failures = 0


@job(retries=3)
async def fail_at_first() -> None:
    """Work at the third attempt."""
    global failures  # noqa: PLW0603 - an attempt knows nothing of the others
    failures += 1
    if failures < 3:
        raise OSError(failures)


@job()
async def tick(job: RunningJob) -> None:
    """Come again tomorrow, for ever."""
    async with job.session() as session, session.begin():
        await tick.schedule(session, timedelta(days=1))


@job()
async def count_up(job: RunningJob, value: int) -> None:
    """Write in the transaction that ends the job."""
    if broken:
        raise OSError("The printer is on fire.")
    async with job.session() as session, session.begin():
        session.add(Counter(value=value))
        await job.complete(session)


JOBS: list[Job[Any]] = [count_up, fail_at_first, tick]


@pytest.fixture
def app(settings: Settings, database: Database) -> FastAPI:
    """An application with a job."""
    return create_app(settings, title="Test", routers=[], jobs=JOBS, database=database)


@pytest.fixture(autouse=True)
def _mended() -> None:
    global broken, failures
    broken, failures = False, 0


async def values(session: Session) -> list[int]:
    """Return what the jobs have written."""
    async with session.begin():
        return list(await session.scalars(select(Counter.value).order_by(Counter.value)))


@job()
async def forgotten() -> None:
    """Be no job of the application."""


@job(queue="elsewhere")
async def forgotten_queue() -> None:
    """Be no job of the application, in a queue that none of its jobs is in."""


async def test_job_that_the_application_does_not_have_fails_the_test(
    session: Session, run_jobs: RunJobs
) -> None:
    """No worker of the service would run it."""
    async with session.begin():
        await forgotten.enqueue(session)
        await forgotten_queue.schedule(session, timedelta(days=1))
        await count_up.enqueue(session, value=1)
    missing = r"`app` does not have: forgotten \(.*\), forgotten_queue \(.*create_app\(.*jobs="
    with pytest.raises(JobError, match=missing):
        await run_jobs()
    assert (await run_jobs(later=True, strict=False)).postponed == 1


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
    with pytest.raises(JobError, match=r"'count_up'.*The printer is on fire") as raised:
        await run_jobs()
    assert isinstance(raised.value.__cause__, OSError)
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


async def test_later_attempts_run_until_the_end(session: Session, run_jobs: RunJobs) -> None:
    """One that works in the end is no failure."""
    async with session.begin():
        await fail_at_first.enqueue(session)
    stats = await run_jobs(later=True)
    assert (stats.failed, stats.done, stats.dead) == (2, 1, 0)


async def test_job_that_dies_later_fails_the_test(session: Session, run_jobs: RunJobs) -> None:
    """After all its attempts."""
    global failures  # noqa: PLW0603 - the job has no other way to be told
    failures = -10
    async with session.begin():
        await fail_at_first.enqueue(session)
    with pytest.raises(JobError, match="attempt 4 of 4") as raised:
        await run_jobs(later=True)
    assert raised.value.__cause__ is not None


async def test_what_a_job_schedules_waits_for_the_next_call(
    session: Session, run_jobs: RunJobs
) -> None:
    """One that comes again every day would have no end."""
    async with session.begin():
        await tick.enqueue(session)
    assert (await run_jobs(later=True)).done == 1
    assert (await run_jobs(later=True)).done == 1
