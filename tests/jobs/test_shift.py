"""A worker at work, in this process."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest
from structlog.testing import capture_logs

from fastgres.jobs import RunningJob, Worker, enqueue_many, job
from tests.jobs.workshop import (
    change,
    effect_once,
    enqueue,
    leave_note,
    rows,
    until,
    value,
)

if TYPE_CHECKING:
    from fastgres.db import Database

pytestmark = pytest.mark.clone

COUNT = "SELECT count(*) FROM fastgres.jobs"


@job(retries=3, backoff=lambda _: 0.0)
async def fail_twice(job: RunningJob) -> None:
    """Succeed at the third attempt."""
    if job.attempt < 3:
        raise ValueError("not yet")


async def empty(database: Database) -> bool:
    """Whether nothing waits."""
    return bool(await value(database, COUNT) == 0)


async def test_jobs_are_run_each_once(effects: Database, working: Any) -> None:
    async with working(Worker(effects, [leave_note, effect_once], concurrency=7)) as worker:
        async with effects.session() as session, session.begin():
            calls = [leave_note.call(), effect_once.call()] * 150
            await enqueue_many(session, calls)
        await until(lambda: empty(effects))
    assert await rows(effects, "SELECT count(*), count(DISTINCT job_id) FROM effects") == [
        (300, 300)
    ]
    assert (worker.stats.done, worker.stats.stolen) == (300, 0)


async def test_failed_job_is_tried_again(effects: Database, working: Any) -> None:
    async with working(Worker(effects, [fail_twice], poll=0.05)) as worker:
        await enqueue(effects, fail_twice)
        await until(lambda: empty(effects))
    assert (worker.stats.failed, worker.stats.done) == (2, 1)


async def test_job_is_picked_up_without_a_notification(effects: Database, working: Any) -> None:
    async with working(Worker(effects, [leave_note], listen=False, poll=0.05)):
        await change(effects, "INSERT INTO fastgres.jobs (name) VALUES ('leave_note')")
        await until(lambda: empty(effects))


async def test_job_is_picked_up_by_its_notification(effects: Database, working: Any) -> None:
    async with working(Worker(effects, [leave_note], poll=3600.0)) as worker:
        await until(lambda: value(effects, "SELECT count(*) FROM fastgres.workers"))
        await asyncio.sleep(0.2)
        await enqueue(effects, leave_note)
        await until(lambda: empty(effects), seconds=5)
    assert worker.stats.done == 1


async def test_no_more_run_at_once_than_there_are_slots(effects: Database, working: Any) -> None:
    running, most = 0, 0

    @job()
    async def count() -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.01)
        running -= 1

    async with working(Worker(effects, [count], concurrency=3)):
        await enqueue(effects, count, 20)
        await until(lambda: empty(effects))
    assert most == 3


async def test_job_of_a_function_that_is_gone_waits_and_harms_nothing(
    effects: Database, working: Any
) -> None:
    await change(effects, "INSERT INTO fastgres.jobs (name) VALUES ('gone')")
    await change(effects, "INSERT INTO fastgres.jobs (name, version) VALUES ('leave_note', 9)")
    async with working(Worker(effects, [leave_note], poll=0.05)) as worker:
        await enqueue(effects, leave_note)
        await until(lambda: _is(effects, "SELECT count(*) FROM effects", 1))
        await until(lambda: _is(effects, f"{COUNT} WHERE last_error IS NOT NULL", 2))
    waiting = await rows(effects, "SELECT name, state, attempt, last_error FROM fastgres.jobs")
    assert {row[:3] for row in waiting} == {("gone", "ready", 0), ("leave_note", "ready", 0)}
    assert "'gone' in version 1" in str(waiting)
    assert worker.stats.dead == 0


async def _is(database: Database, statement: str, expected: object) -> bool:
    return bool(await value(database, statement) == expected)


async def test_soft_stop_lets_jobs_end_and_claims_no_more(effects: Database) -> None:
    began, end = asyncio.Event(), asyncio.Event()

    @job()
    async def wait() -> None:
        began.set()
        await end.wait()

    worker = Worker(effects, [wait], concurrency=1)
    task = asyncio.create_task(worker.run())
    await enqueue(effects, wait, 2)
    await began.wait()
    worker.stop()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await asyncio.shield(task)
    end.set()
    await task
    assert worker.stats.done == 1
    assert await rows(effects, "SELECT state, attempt FROM fastgres.jobs") == [("ready", 0)]
    assert await rows(effects, "SELECT id FROM fastgres.workers") == []


async def test_job_that_nobody_named_is_told_of_with_what_to_write(effects: Database) -> None:
    """In the log and in its row, where `fastgres jobs` shows it."""

    @job()
    async def forgotten() -> None: ...

    await enqueue(effects, forgotten)
    with capture_logs() as lines:
        assert (await Worker(effects, [leave_note]).drain()).postponed == 1
    (told,) = [line for line in lines if line["event"] == "job unknown"]
    stored = await value(effects, "SELECT last_error FROM fastgres.jobs")
    assert told["why"] == stored
    assert "'forgotten' in version 1" in stored
    assert "create_app(..., jobs=[...])" in stored


@pytest.mark.parametrize("stops", [1, 2])
async def test_what_does_not_end_is_given_back_uncounted(effects: Database, stops: int) -> None:
    """After `grace`, or at once when stopped a second time; and the log says which job it was."""
    began = asyncio.Event()

    @job()
    async def wait() -> None:
        began.set()
        await asyncio.Event().wait()

    worker = Worker(effects, [wait], grace=0.1 if stops == 1 else 3600.0)
    with capture_logs() as lines:
        task = asyncio.create_task(worker.run())
        job_id = await enqueue(effects, wait)
        await began.wait()
        for _ in range(stops):
            worker.stop()
        async with asyncio.timeout(5):
            await task
    assert worker.stats.released == 1
    told = {line["event"]: line for line in lines}
    assert told["worker stopping"]["running"] == 1
    assert told["jobs given back"]["jobs"] == [f"wait:{job_id}"]
    assert told["worker stopped"]["given_back"] == 1
    assert await rows(effects, "SELECT state, attempt, worker FROM fastgres.jobs") == [
        ("ready", 0, None)
    ]


async def test_worker_survives_the_loss_of_all_its_connections(
    effects: Database, working: Any
) -> None:
    kill = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    async with working(Worker(effects, [effect_once], poll=0.05)) as worker:
        async with effects.session() as session, session.begin():
            ids = await enqueue_many(session, [effect_once.call() for _ in range(200)])
        for _ in range(5):
            await change(effects, kill)
        await change(effects, "UPDATE fastgres.jobs SET run_at = now()")
        await until(lambda: _due(effects))
    done = await rows(effects, "SELECT count(*), count(DISTINCT job_id) FROM effects")
    left = await value(effects, COUNT)
    assert done[0][0] == done[0][1] == len(ids) - left
    assert worker.stats.dead == 0


async def _due(database: Database) -> bool:
    """Bring forward what failed and waits; whether nothing does."""
    await change(database, "UPDATE fastgres.jobs SET run_at = now() WHERE state = 'ready'")
    return await empty(database)


async def test_missing_tables_end_the_worker_with_what_to_do(effects: Database) -> None:
    await change(effects, "DROP SCHEMA fastgres CASCADE")
    with pytest.raises(Exception, match="fastgres db"):
        await Worker(effects, [leave_note]).run()


async def test_bug_of_ours_ends_the_worker_loudly(effects: Database) -> None:
    worker = Worker(effects, [leave_note])
    task = asyncio.create_task(worker.run())
    await until(lambda: value(effects, "SELECT count(*) FROM fastgres.workers"))
    await change(effects, "ALTER TABLE fastgres.jobs RENAME COLUMN priority TO weight")
    with pytest.raises(asyncpg.UndefinedColumnError):
        async with asyncio.timeout(20):
            await task


class TestDrain:
    async def test_runs_what_is_due_and_what_that_enqueues(self, effects: Database) -> None:
        @job()
        async def first(job: RunningJob) -> None:
            async with job.session() as session, session.begin():
                await leave_note.enqueue(session, what="second")

        await enqueue(effects, first)
        stats = await Worker(effects, [first, leave_note]).drain()
        assert stats.done == 2
        assert await rows(effects, "SELECT note FROM effects") == [("second",)]
