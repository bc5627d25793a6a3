"""Async jobs inside a process that is not."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import pytest

from fastgres.celery.process import Workplaces
from fastgres.db import Database
from fastgres.jobs import RunningJob, job
from tests.jobs.workshop import EFFECTS, change, enqueue, note, rows, value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastgres.settings import Settings

pytestmark = pytest.mark.clone


@job(target="celery")
async def leave_note(job: RunningJob) -> None:
    await note(job, threading.current_thread().name)


@pytest.fixture
def workplaces(database_url: str, settings: Settings) -> Iterator[Workplaces]:
    """What a worker process has."""
    made = Workplaces(lambda: Database(database_url, settings), [leave_note], lease=30.0)
    yield made
    made.close()


async def test_job_runs_on_a_loop_of_its_own(database: Database, workplaces: Workplaces) -> None:
    await change(database, EFFECTS)
    for _ in range(2):
        job_id = await enqueue(database, leave_note)
        assert await asyncio.to_thread(workplaces.run, job_id) == "done"
    assert await rows(database, "SELECT note FROM effects") == [("fastgres-jobs",)] * 2


async def test_process_that_ends_leaves_the_list_of_workers(
    database: Database, workplaces: Workplaces
) -> None:
    await change(database, EFFECTS)
    job_id = await enqueue(database, leave_note)
    await asyncio.to_thread(workplaces.run, job_id)
    assert await value(database, "SELECT count(*) FROM fastgres.workers") == 1
    await asyncio.to_thread(workplaces.close)
    assert await value(database, "SELECT count(*) FROM fastgres.workers") == 0
