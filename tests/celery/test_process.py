"""Async jobs inside a process that is not."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from fastgres.celery.process import Workplaces
from fastgres.db import Database
from fastgres.jobs import Job, RunningJob, job
from tests.jobs.workshop import EFFECTS, change, enqueue, note, rows, until, value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastgres.settings import Settings

pytestmark = pytest.mark.clone

LONG = 77.0
LEASE = (
    "SELECT CAST(extract(epoch FROM lease_until - started_at) AS int)"
    " FROM fastgres.jobs WHERE id = :id"
)


@job(target="celery")
async def leave_note(job: RunningJob) -> None:
    await note(job, threading.current_thread().name)


@job(target="celery")
async def tell_lease(job: RunningJob) -> None:
    async with job.session() as session:
        seconds = await session.scalar(text(LEASE), {"id": job.id})
    await note(job, str(seconds))


@job(target="celery")
async def interrupt_task(job: RunningJob) -> None:
    os.kill(os.getpid(), signal.SIGUSR1)
    await asyncio.Event().wait()


JOBS: list[Job[Any]] = [leave_note, tell_lease, interrupt_task]


@pytest.fixture
def workplaces(database_url: str, settings: Settings) -> Iterator[Workplaces]:
    """What a worker process has."""
    made = Workplaces(lambda: Database(database_url, settings), JOBS, lease=LONG)
    yield made
    made.close()


async def test_job_runs_on_a_loop_of_its_own(database: Database, workplaces: Workplaces) -> None:
    await change(database, EFFECTS)
    for _ in range(2):
        job_id = await enqueue(database, leave_note)
        assert await asyncio.to_thread(workplaces.run, job_id) == "done"
    assert await rows(database, "SELECT note FROM effects") == [("fastgres-jobs",)] * 2


async def test_lease_is_the_one_that_was_given(database: Database, workplaces: Workplaces) -> None:
    await change(database, EFFECTS)
    job_id = await enqueue(database, tell_lease)
    assert await asyncio.to_thread(workplaces.run, job_id) == "done"
    assert await rows(database, "SELECT note FROM effects") == [(str(int(LONG)),)]


async def test_job_of_an_interrupted_task_goes_back_and_does_not_count(
    database: Database, workplaces: Workplaces
) -> None:
    """As by the soft time limit of Celery, which is raised where the task waits."""
    job_id = await enqueue(database, interrupt_task)

    def interrupt(*_: object) -> None:
        raise InterruptedError

    before = signal.signal(signal.SIGUSR1, interrupt)
    try:
        with pytest.raises(InterruptedError):
            workplaces.run(job_id)
    finally:
        signal.signal(signal.SIGUSR1, before)

    async def is_back() -> bool:
        return await rows(database, "SELECT state, attempt FROM fastgres.jobs") == [("ready", 0)]

    await until(is_back)


async def test_process_that_ends_leaves_the_list_of_workers(
    database: Database, workplaces: Workplaces
) -> None:
    await change(database, EFFECTS)
    job_id = await enqueue(database, leave_note)
    await asyncio.to_thread(workplaces.run, job_id)

    async def listed() -> bool:
        return bool(await value(database, "SELECT count(*) FROM fastgres.workers") == 1)

    await until(listed)
    await asyncio.to_thread(workplaces.close)
    assert await value(database, "SELECT count(*) FROM fastgres.workers") == 0
