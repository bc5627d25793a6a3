"""Jobs and tools for the tests, importable by worker processes too."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from sqlalchemy import text

from fastgres.jobs import Job, RunningJob, enqueue_many, job
from fastgres.jobs.outcome import Ending, Outcome

if TYPE_CHECKING:
    from fastgres.db import Database
    from fastgres.jobs.claimed import ClaimedJob
    from fastgres.jobs.lanes import Lanes
    from fastgres.jobs.queue import Identity, Queue

EFFECTS = "CREATE TABLE effects (id bigserial, job_id bigint, attempt int, pid int, note text)"
NOTE = "INSERT INTO effects (job_id, attempt, pid, note) VALUES (:job_id, :attempt, :pid, :note)"


@dataclass
class Hand:
    """A worker in the hands of a test."""

    queue: Queue
    lanes: Lanes
    me: Identity

    async def claim(self, free: int = 10) -> list[ClaimedJob]:
        """Claim, looking everywhere."""
        self.lanes.look_everywhere()
        return await self.queue.claim(free, self.lanes)

    async def one(self) -> ClaimedJob:
        """Claim one job, which there has to be."""
        (claimed,) = await self.claim(1)
        return claimed


def outcome(claimed: ClaimedJob, ending: Ending, **more: Any) -> Outcome:
    """An outcome of an attempt."""
    return Outcome(job=claimed, ending=ending, **more)


async def rows(database: Database, statement: str, **values: Any) -> list[tuple[Any, ...]]:
    """Return what another connection sees."""
    async with database.session() as session:
        return [tuple(row) for row in await session.execute(text(statement), values)]


async def value(database: Database, statement: str, **values: Any) -> Any:
    """Return the first column of the first row."""
    return (await rows(database, statement, **values))[0][0]


async def change(database: Database, statement: str, **values: Any) -> None:
    """Write and commit."""
    async with database.session() as session, session.begin():
        await session.execute(text(statement), values)


async def until(holds: Callable[[], Awaitable[Any]], seconds: float = 20.0) -> None:
    """Wait until the database says so."""
    async with asyncio.timeout(seconds):
        while True:
            if await holds():
                return
            await asyncio.sleep(0.01)


async def enqueue(database: Database, declared: Job[Any], times: int = 1, **arguments: Any) -> int:
    """Enqueue and commit; return the last id."""
    calls = [declared.call(**arguments) for _ in range(times)]
    async with database.session() as session, session.begin():
        job_id = (await enqueue_many(session, calls))[-1]
    assert job_id is not None
    return job_id


async def note(running: RunningJob, what: str) -> None:
    """Leave an effect."""
    async with running.session() as session, session.begin():
        await session.execute(
            text(NOTE),
            {
                "job_id": running.id,
                "attempt": running.attempt,
                "pid": os.getpid(),
                "note": what,
            },
        )


@job()
async def leave_note(job: RunningJob, what: str = "done") -> None:
    """At least once."""
    await note(job, what)


@job(retries=100)
async def effect_once(job: RunningJob, seconds: float = 0.0) -> None:
    """Exactly once: the effect and the end of the job commit together."""
    async with job.session() as session, session.begin():
        values = {"job_id": job.id, "attempt": job.attempt, "pid": os.getpid(), "note": "once"}
        await session.execute(text(NOTE), values)
        await asyncio.sleep(seconds)
        await job.complete(session)


@job()
async def sleep_long(job: RunningJob, seconds: float = 60.0) -> None:
    """Leave a note and sleep; leave another."""
    await note(job, "began")
    await asyncio.sleep(seconds)
    await note(job, "ended")


@job(retries=2)
async def kill_worker(job: RunningJob) -> None:
    """A poison job."""
    await note(job, "poison")
    os.kill(os.getpid(), signal.SIGKILL)


@job()
async def block_loop(job: RunningJob, seconds: float = 60.0) -> None:
    """What nobody should write."""
    await note(job, "began")
    time.sleep(seconds)  # noqa: ASYNC251 - that is the point


ALL: list[Job[Any]] = [leave_note, effect_once, sleep_long, kill_worker, block_loop]


def unique_name() -> str:
    """A name that no other test has."""
    return f"job_{uuid4().hex}"
