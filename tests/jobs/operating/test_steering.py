"""What people do with jobs, and what becomes of those in a worker's hands."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from fastgres.errors import ConfigurationError
from fastgres.jobs import (
    JobFilter,
    Moved,
    RunningJob,
    Worker,
    cancel_jobs,
    count_jobs,
    find_job,
    find_jobs,
    job,
    list_jobs,
    purge_dead,
    retry_dead,
    run_now,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastgres.db import Database, Session

EVERY = JobFilter()
broken = True
attempts: list[int] = []
started, stopped = asyncio.Event(), asyncio.Event()


@job(retries=0)
async def fail(job: RunningJob, number: int) -> None:
    """Fail while the fault lasts."""
    attempts.append(job.attempt)
    if broken:
        raise OSError(number)


@job(retries=0, unique="{key}")
async def fail_once(key: str) -> None:
    """Fail, one of a kind."""
    raise OSError(key)


@job(retries=3)
async def patient() -> None:
    """Have four attempts."""


@job(queue="slow")
async def wait() -> None:
    """Run until it is stopped."""
    started.set()
    try:
        await asyncio.sleep(60)
    finally:
        stopped.set()


@pytest.fixture(autouse=True)
def fault() -> None:
    """Begin broken."""
    global broken  # noqa: PLW0603 - the jobs have no other way to be told
    broken = True
    attempts.clear()


async def bury(database: Database, session: Session, number: int) -> list[int]:
    """Let so many jobs die, and return their ids."""
    async with session.begin():
        ids = [await fail.enqueue(session, number=each) for each in range(number)]
    await Worker(database, [fail]).drain()
    return [one for one in ids if one is not None]


async def states(database: Database) -> Sequence[str]:
    """Return where all jobs stand, the oldest first."""
    return [one.state for one in reversed(await list_jobs(database))]


async def test_dead_jobs_run_again_under_their_ids(database: Database, session: Session) -> None:
    """Message ids and keys that were made of the id stay what they were."""
    global broken  # noqa: PLW0603 - the jobs have no other way to be told
    ids = await bury(database, session, 2)
    assert await retry_dead(database, EVERY, jobs=find_jobs([fail])) == Moved(done=2)
    found = await list_jobs(database)
    assert [(one.id, one.state) for one in found] == [(ids[1], "ready"), (ids[0], "ready")]
    broken = False
    assert (await Worker(database, [fail]).drain()).done == 2


async def test_attempts_go_on_counting(database: Database, session: Session) -> None:
    """Id and attempt are the fence: a zombie of the first attempt must not end the new one."""
    (job_id,) = await bury(database, session, 1)
    await retry_dead(database, EVERY, jobs=find_jobs([fail]))
    found = await find_job(database, job_id)
    assert (found.attempt, found.max_attempts) == (1, 2)
    await Worker(database, [fail]).drain()
    assert attempts == [1, 2]
    assert await states(database) == ["dead"]


async def test_unknown_dead_job_gets_one_attempt(database: Database, session: Session) -> None:
    """How many it would have is written in a function that is gone."""
    (job_id,) = await bury(database, session, 1)
    await retry_dead(database, EVERY)
    assert (await find_job(database, job_id)).max_attempts == 2


async def test_dead_job_whose_twin_waits_stays_dead(database: Database, session: Session) -> None:
    """Unique means one; and those behind it in the list are tried all the same."""
    async with session.begin():
        await fail_once.enqueue(session, key="a")
        await fail_once.enqueue(session, key="b")
    await Worker(database, [fail_once]).drain()
    async with session.begin():
        await fail_once.schedule(session, timedelta(hours=1), key="a")
    assert await retry_dead(database, EVERY, jobs=find_jobs([fail_once])) == Moved(done=1, left=1)
    assert await states(database) == ["dead", "ready", "scheduled"]


async def test_more_than_a_batch(database: Database, session: Session) -> None:
    """Each batch is a transaction of its own; the last one is not full."""
    async with session.begin():
        await session.execute(
            text("""
            INSERT INTO fastgres.dead_jobs (id, queue, name, version, arguments, headers, priority,
                state, run_at, created_at, attempt, max_attempts, target, reason)
            SELECT n, 'default', 'fail', 1, '{}', '{}', 0, 'running', now(), now(), 1, 1, 'local',
                'old' FROM generate_series(1, 1203) AS n""")
        )
    assert await retry_dead(database, JobFilter(queue="default")) == Moved(done=1203)
    assert await cancel_jobs(database, JobFilter(name="fail")) == Moved(done=1203)
    assert await purge_dead(database, EVERY) == Moved(done=1203)
    assert await count_jobs(database, EVERY) == 0


async def test_more_than_a_batch_is_left_behind(database: Database, session: Session) -> None:
    """What cannot be moved is passed by, not met again for ever."""
    async with session.begin():
        await session.execute(
            text("""
            INSERT INTO fastgres.jobs (name, unique_key)
            SELECT 'fail_once', CAST(n AS text) FROM generate_series(1, 600) AS n""")
        )
        await session.execute(
            text("""
            INSERT INTO fastgres.dead_jobs (id, queue, name, version, arguments, headers, priority,
                state, run_at, created_at, attempt, max_attempts, target, reason, unique_key)
            SELECT 10000 + n, 'default', 'fail_once', 1, '{}', '{}', 0, 'running', now(), now(),
                1, 1, 'local', 'old', CAST(n AS text) FROM generate_series(1, 601) AS n""")
        )
    async with asyncio.timeout(60):
        assert await retry_dead(database, EVERY) == Moved(done=1, left=600)


async def test_jobs_for_later_are_due_now(database: Database, session: Session) -> None:
    """Only those that were meant."""
    async with session.begin():
        one = await fail.schedule(session, timedelta(hours=1), number=1)
        await fail.schedule(session, timedelta(hours=1), number=2)
    assert one is not None
    assert await run_now(database, JobFilter(ids=(one,))) == Moved(done=1)
    assert await states(database) == ["ready", "scheduled"]


async def test_cancelled_jobs_can_be_brought_back(database: Database, session: Session) -> None:
    """Nothing is lost by a wrong filter."""
    async with session.begin():
        job_id = await fail.enqueue(session, number=1)
        await wait.enqueue(session)
    assert job_id is not None
    assert await cancel_jobs(database, JobFilter(queue="default")) == Moved(done=1)
    found = await find_job(database, job_id)
    assert (found.state, found.reason) == ("dead", "Cancelled by an operator.")
    assert await states(database) == ["dead", "ready"]
    await retry_dead(database, EVERY, jobs=find_jobs([fail]))
    assert await states(database) == ["ready", "ready"]


async def test_job_that_was_cancelled_too_early_keeps_its_moment(
    database: Database, session: Session
) -> None:
    """A mistaken cancel and its undoing send no reminders a day before their time."""
    async with session.begin():
        job_id = await fail.schedule(session, timedelta(days=1), number=1)
    assert job_id is not None
    moment = (await find_job(database, job_id)).run_at
    await cancel_jobs(database, EVERY)
    assert await retry_dead(database, EVERY) == Moved(done=1, later=1)
    found = await find_job(database, job_id)
    assert (found.state, found.run_at) == ("scheduled", moment)


async def test_attempts_that_were_given_are_told(database: Database, session: Session) -> None:
    """Those of its function, and one where that is gone."""
    await bury(database, session, 1)
    assert (await retry_dead(database, EVERY)).tries == {1}
    await Worker(database, [fail]).drain()
    assert (await retry_dead(database, EVERY, jobs=find_jobs([patient]))).tries == {1}
    async with session.begin():
        await patient.enqueue(session)
    await cancel_jobs(database, EVERY)
    moved = await retry_dead(database, EVERY, jobs=find_jobs([patient]))
    assert moved.tries == {1, 4}


async def test_job_that_stands_with_a_broker_can_be_cancelled(
    database: Database, session: Session
) -> None:
    """Its message finds no row, and is skipped."""
    async with session.begin():
        await fail.enqueue(session, number=1)
        await session.execute(text("UPDATE fastgres.jobs SET state = 'sent'"))
    assert await cancel_jobs(database, EVERY) == Moved(done=1)
    assert await states(database) == ["dead"]


async def test_a_purge_is_of_dead_jobs(database: Database, session: Session) -> None:
    """Even when everything is meant."""
    await bury(database, session, 2)
    async with session.begin():
        await fail.enqueue(session, number=3)
    assert await purge_dead(database, EVERY) == Moved(done=2)
    assert await states(database) == ["ready"]


async def test_state_that_an_action_is_not_for_is_refused(database: Database) -> None:
    """It would do nothing, and look as if it had."""
    with pytest.raises(ConfigurationError, match="would do nothing"):
        await purge_dead(database, JobFilter(states=("ready",)))


@pytest.mark.clone
async def test_running_job_is_cancelled_only_when_asked(database: Database) -> None:
    """Its worker stops it when it next renews its lease, and does not bring it back."""
    async with database.session() as session, session.begin():
        await wait.enqueue(session)
    worker = Worker(database, [wait], lease=0.9)
    running = asyncio.create_task(worker.run())
    async with asyncio.timeout(30):
        await started.wait()
        assert await cancel_jobs(database, EVERY) == Moved(done=0)
        assert await cancel_jobs(database, EVERY, running=True) == Moved(done=1)
        await stopped.wait()
        worker.stop()
        await running
    assert await states(database) == ["dead"]
    assert worker.stats.stolen == 1
