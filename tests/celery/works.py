"""A Celery application with jobs, for worker processes: `celery -A tests.celery.works worker`."""

from __future__ import annotations

import os
import signal
from typing import Any

from celery import Celery
from sqlalchemy import text

from fastgres.celery import bind_celery
from fastgres.jobs import Job, RunningJob, job
from tests.jobs.workshop import NOTE, note


@job(target="celery", backoff=lambda _: 0.2)
async def leave_note(job: RunningJob, what: str = "done") -> None:
    """At least once."""
    await note(job, what)


@job(target="celery", queue="exact")
async def effect_once(job: RunningJob) -> None:
    """Exactly once: the effect and the end of the job commit together."""
    async with job.session() as session, session.begin():
        values = {"job_id": job.id, "attempt": job.attempt, "pid": os.getpid(), "note": "once"}
        await session.execute(text(NOTE), values)
        await job.complete(session)


@job(target="celery", backoff=lambda _: 0.2, retries=1)
async def fail(job: RunningJob) -> None:
    """Two attempts, both in vain."""
    await note(job, "tried")
    raise LookupError("nothing there")


@job(target="celery")
async def kill_worker(job: RunningJob) -> None:
    """Take the process along, the first time."""
    await note(job, "poison")
    if job.attempt == 1:
        os.kill(os.getpid(), signal.SIGKILL)


ALL: list[Job[Any]] = [leave_note, effect_once, fail, kill_worker]


def bound(url: str) -> Celery:
    """Return a new application on this broker."""
    app = Celery("works", broker=url)
    app.conf.worker_hijack_root_logger = False
    app.conf.broker_connection_retry_on_startup = True
    return bind_celery(app, ALL, lease=2.0)


if "BROKER_URL" in os.environ:
    app = bound(os.environ["BROKER_URL"])
