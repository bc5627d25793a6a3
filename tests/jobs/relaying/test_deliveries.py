"""Jobs that messages name: run once, whatever is delivered how often."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from fastgres.jobs import Deliveries, Job, RunningJob, Worker, job
from tests.jobs.workshop import change, enqueue, note, rows, until, value

if TYPE_CHECKING:
    from fastgres.db import Database

pytestmark = pytest.mark.clone

LEFT = "SELECT state, attempt FROM fastgres.jobs"
INBOX = "SELECT job_id, consumer FROM fastgres.job_inbox"
NOTES = "SELECT count(*) FROM effects"
WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"


@job(target="printer")
async def leave_note(job: RunningJob, what: str = "done") -> None:
    await note(job, what)


@job(target="printer", retries=1)
async def fail(job: RunningJob) -> None:
    await note(job, "tried")
    raise LookupError("no paper")


@job(target="printer")
async def wait(job: RunningJob) -> None:
    await note(job, "began")
    await asyncio.Event().wait()


@job(target="printer")
async def finish(job: RunningJob) -> None:
    async with job.session() as session, session.begin():
        await job.complete(session)


def deliveries(database: Database, lease: float = 30.0) -> Deliveries:
    """A consumer."""
    jobs: list[Job[Any]] = [leave_note, fail, wait, finish]
    return Deliveries(database, jobs, target="printer", lease=lease)


async def test_second_delivery_is_skipped(effects: Database) -> None:
    job_id = await enqueue(effects, leave_note)
    async with deliveries(effects) as here, deliveries(effects) as there:
        assert await here.deliver(job_id) == "done"
        assert await there.deliver(job_id) == "skipped"
    assert await value(effects, NOTES) == 1


async def test_two_deliveries_at_once_are_one_attempt(effects: Database) -> None:
    job_id = await enqueue(effects, leave_note)
    async with deliveries(effects) as here, deliveries(effects) as there:
        answers = await asyncio.gather(here.deliver(job_id), there.deliver(job_id))
    assert sorted(answers) == ["done", "skipped"]
    assert await value(effects, NOTES) == 1


async def test_job_that_is_in_the_inbox_is_not_run_though_its_row_is_back(
    effects: Database,
) -> None:
    job_id = await enqueue(effects, leave_note)
    await change(
        effects,
        "INSERT INTO fastgres.job_inbox (job_id, consumer) VALUES (:id, 'printer')",
        id=job_id,
    )
    async with deliveries(effects) as here:
        assert await here.deliver(job_id) == "skipped"
    assert await value(effects, NOTES) == 0
    assert await rows(effects, LEFT) == []


@pytest.mark.parametrize("declared", [leave_note, finish], ids=["after", "within"])
async def test_end_of_a_job_is_remembered(effects: Database, declared: object) -> None:
    """After the job, and in the transaction of its effect."""
    job_id = await enqueue(effects, leave_note if declared is leave_note else finish)
    async with deliveries(effects) as here:
        assert await here.deliver(job_id) == "done"
    assert await rows(effects, INBOX) == [(job_id, "printer")]
    assert await rows(effects, LEFT) == []


async def test_message_is_kept_until_the_end_is_written_down(effects: Database) -> None:
    """Else a process that dies in between has taken the message along for nothing."""
    job_id = await enqueue(effects, leave_note)
    async with deliveries(effects) as here:
        async with effects.session() as session, session.begin():
            await session.execute(text("LOCK TABLE fastgres.job_inbox IN EXCLUSIVE MODE"))
            delivering = asyncio.create_task(here.deliver(job_id))

            async def waits() -> bool:
                return bool(await value(effects, WAITING))

            await until(waits)
            assert not delivering.done()
        assert await delivering == "done"


async def test_failed_job_waits_for_its_next_attempt_here(effects: Database) -> None:
    job_id = await enqueue(effects, fail)
    async with deliveries(effects) as here:
        assert await here.deliver(job_id) == "failed"
        assert await here.deliver(job_id) == "skipped"
        await change(effects, "UPDATE fastgres.jobs SET run_at = now()")
        assert await here.deliver(job_id) == "dead"
    assert await rows(effects, "SELECT attempt FROM fastgres.dead_jobs") == [(2,)]


async def test_job_with_arguments_that_do_not_fit_dies(effects: Database) -> None:
    job_id = await enqueue(effects, leave_note)
    await change(effects, """UPDATE fastgres.jobs SET arguments = '{"what": 7}'""")
    async with deliveries(effects) as here:
        assert await here.deliver(job_id) == "dead"


async def test_job_of_a_later_release_waits(effects: Database) -> None:
    job_id = await enqueue(effects, leave_note)
    await change(effects, "UPDATE fastgres.jobs SET version = 2")
    async with deliveries(effects) as here:
        assert await here.deliver(job_id) == "postponed"
    assert await rows(effects, LEFT) == [("ready", 0)]


async def test_cancelled_job_is_skipped(effects: Database) -> None:
    job_id = await enqueue(effects, leave_note)
    await change(effects, "DELETE FROM fastgres.jobs")
    async with deliveries(effects) as here:
        assert await here.deliver(job_id) == "skipped"
    assert await value(effects, NOTES) == 0


async def test_what_runs_at_the_end_goes_back_and_does_not_count(effects: Database) -> None:
    job_id = await enqueue(effects, wait)
    async with deliveries(effects) as here:
        delivering = asyncio.create_task(here.deliver(job_id))
        await begun(effects)
    assert await delivering == "released"
    assert await rows(effects, LEFT) == [("ready", 0)]


async def test_lease_is_renewed_while_a_job_runs(effects: Database) -> None:
    job_id = await enqueue(effects, wait)
    async with deliveries(effects, lease=0.9) as here:
        delivering = asyncio.create_task(here.deliver(job_id))
        await begun(effects)
        until_when = "SELECT lease_until FROM fastgres.jobs"
        first = await value(effects, until_when)

        async def renewed() -> bool:
            return bool(await value(effects, until_when) > first)

        await until(renewed)
        assert not delivering.done()
    assert await delivering == "released"


async def test_local_worker_leaves_it_alone(effects: Database) -> None:
    await enqueue(effects, leave_note)
    assert (await Worker(effects, [leave_note]).drain()).claimed == 0


async def begun(database: Database) -> None:
    """Wait until the job has left a note."""

    async def noted() -> bool:
        return bool(await value(database, NOTES))

    await until(noted)
