"""Ending a job together with its effect, and telling how far it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from fastgres.errors import JobArgumentsError, StolenJobError
from fastgres.jobs import RunningJob, Worker, job
from tests.jobs.workshop import NOTE, Hand, change, enqueue, leave_note, rows, value

if TYPE_CHECKING:
    from fastgres.db import Database, Session

pytestmark = pytest.mark.clone

Make = Callable[..., Hand]


async def claimed(database: Database, hand: Make) -> RunningJob:
    """Enqueue a job and claim it."""
    await enqueue(database, leave_note)
    worker = hand()
    return RunningJob(
        claimed=await worker.one(), worker=worker.me.id, database=database, reports=worker.queue
    )


async def write(session: Session, running: RunningJob) -> None:
    """Have an effect."""
    values = {"job_id": running.id, "attempt": running.attempt, "pid": 0, "note": "effect"}
    await session.execute(text(NOTE), values)


async def test_effect_and_end_commit_together(effects: Database, hand: Make) -> None:
    running = await claimed(effects, hand)
    async with running.session() as session, session.begin():
        await write(session, running)
        await running.complete(session)
    assert await value(effects, "SELECT count(*) FROM effects") == 1
    assert await value(effects, "SELECT count(*) FROM fastgres.jobs") == 0


async def test_effect_and_end_roll_back_together(effects: Database, hand: Make) -> None:
    running = await claimed(effects, hand)
    with pytest.raises(ZeroDivisionError):
        async with running.session() as session, session.begin():
            await write(session, running)
            await running.complete(session)
            raise ZeroDivisionError
    assert await value(effects, "SELECT count(*) FROM effects") == 0
    assert await rows(effects, "SELECT state, attempt FROM fastgres.jobs") == [("running", 1)]


async def test_stolen_job_takes_its_effect_back(effects: Database, hand: Make) -> None:
    running = await claimed(effects, hand)
    await change(effects, "UPDATE fastgres.jobs SET lease_until = now() - interval '1 s'")
    owner = hand()
    await owner.queue.rescue()
    await owner.claim()
    with pytest.raises(StolenJobError, match="another worker"):
        async with running.session() as session, session.begin():
            await write(session, running)
            await running.complete(session)
    assert await value(effects, "SELECT count(*) FROM effects") == 0


async def test_job_may_enqueue_its_own_successor_with_its_end(effects: Database) -> None:
    runs: list[int] = []

    @job(unique=True)
    async def step(job: RunningJob) -> None:
        runs.append(job.id)
        async with job.session() as session, session.begin():
            assert await step.enqueue(session) is None
            await job.complete(session)
            if len(runs) < 3:
                assert await step.enqueue(session) is not None

    await enqueue(effects, step)
    assert (await Worker(effects, [step]).drain()).done == 3
    assert len(set(runs)) == 3


async def test_progress_is_seen_while_the_job_runs(effects: Database, hand: Make) -> None:
    running = await claimed(effects, hand)
    await running.progress({"done": 5, "of": 10})
    assert await value(effects, "SELECT progress FROM fastgres.jobs") == {"done": 5, "of": 10}


async def test_progress_of_a_stolen_job_is_the_moment_to_stop(
    effects: Database, hand: Make
) -> None:
    running = await claimed(effects, hand)
    await change(effects, "UPDATE fastgres.jobs SET state = 'ready', worker = NULL")
    with pytest.raises(StolenJobError):
        await running.progress(1)


async def test_progress_is_bounded(effects: Database, hand: Make) -> None:
    running = await claimed(effects, hand)
    with pytest.raises(JobArgumentsError, match="more than 8,192"):
        await running.progress("x" * 10_000)


async def test_it_knows_which_attempt_it_is(effects: Database, hand: Make) -> None:
    running = await claimed(effects, hand)
    assert (running.name, running.attempt, running.is_last_attempt) == ("leave_note", 1, False)
    assert running.request_id is None
    assert running.traceparent is None
