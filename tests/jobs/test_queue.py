"""Claiming and ending: each statement alone, and all of them against a small model."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from fastgres.jobs import job
from fastgres.jobs.outcome import Ending
from tests.jobs.workshop import Hand, change, enqueue, outcome, rows, value

if TYPE_CHECKING:
    from fastgres.db import Database

pytestmark = pytest.mark.clone

Make = Callable[..., Hand]

LOCK_ONE = text("SELECT id FROM fastgres.jobs ORDER BY id LIMIT 1 FOR UPDATE")
TAKE_TURN = text("SELECT pg_advisory_xact_lock(hashtextextended('fastgres jobs rescue', 0))")


@job(retries=1)
async def task(number: int = 0) -> None:
    """A job that no test runs."""


@job(priority=-1)
async def urgent() -> None:
    """Before all others."""


@job(queue="other")
async def elsewhere() -> None:
    """Of another queue."""


@job(target="celery")
async def for_a_broker() -> None:
    """Not for our workers."""


async def state(database: Database) -> list[tuple[Any, ...]]:
    """Return state and attempt of each row."""
    return await rows(database, "SELECT state, attempt FROM fastgres.jobs ORDER BY id")


async def expire(database: Database) -> None:
    """Let all leases have run out."""
    await change(
        database,
        "UPDATE fastgres.jobs SET lease_until = now() - interval '1 s' WHERE state = 'running'",
    )


class TestClaim:
    async def test_takes_due_jobs_in_order_of_priority_and_time(
        self, database: Database, hand: Make
    ) -> None:
        first, second = await enqueue(database, task), await enqueue(database, task)
        third = await enqueue(database, urgent)
        assert [claimed.id for claimed in await hand().claim()] == [third, first, second]
        assert await state(database) == [("running", 1)] * 3

    async def test_leaves_other_queues_targets_and_the_future_alone(
        self, database: Database, hand: Make
    ) -> None:
        await enqueue(database, elsewhere)
        await enqueue(database, for_a_broker)
        await change(
            database,
            "INSERT INTO fastgres.jobs (name, run_at) VALUES ('task', now() + interval '1 hour')",
        )
        assert await hand().claim() == []

    async def test_takes_no_more_than_asked(self, database: Database, hand: Make) -> None:
        await enqueue(database, task, 5)
        assert len(await hand().claim(3)) == 3

    async def test_takes_no_more_than_asked_of_several_queues(
        self, database: Database, hand: Make
    ) -> None:
        await enqueue(database, task, 3)
        await enqueue(database, elsewhere, 3)
        assert len(await hand(queues=("default", "other")).claim(4)) == 4

    async def test_two_at_once_share_and_do_not_wait(self, database: Database, hand: Make) -> None:
        await enqueue(database, task, 40)
        hands = [hand() for _ in range(4)]
        taken = await asyncio.gather(*(each.claim(10) for each in hands))
        ids = [claimed.id for batch in taken for claimed in batch]
        assert len(ids) == len(set(ids)) == 40

    async def test_row_that_another_claims_just_now_is_skipped(
        self, database: Database, hand: Make
    ) -> None:
        await enqueue(database, task, 2)
        async with database.session() as session, session.begin():
            locked = await session.scalar(LOCK_ONE)
            async with asyncio.timeout(1):
                (claimed,) = await hand().claim()
            assert claimed.id != locked

    async def test_in_lanes_finds_what_comes_after_the_last(
        self, database: Database, hand: Make
    ) -> None:
        worker = hand()
        await enqueue(database, task)
        await worker.claim()
        assert not worker.lanes.is_due_to_look_everywhere()
        later = await enqueue(database, task)
        assert [c.id for c in await worker.queue.claim(10, worker.lanes)] == [later]


class TestFence:
    @pytest.mark.parametrize("how", ["acknowledge", "put_back", "postpone", "bury"])
    async def test_attempt_that_was_taken_over_cannot_be_ended(
        self, database: Database, hand: Make, how: str
    ) -> None:
        await enqueue(database, task)
        zombie, owner = hand(), hand()
        old = outcome(await zombie.one(), Ending.DONE, reason="r", error="e", delay=0.0)
        await expire(database)
        await owner.queue.rescue()
        new = await owner.one()
        end = getattr(zombie.queue, how)
        more = {"refund": False} if how == "put_back" else {}
        assert await end([old], **more) == set()
        assert await state(database) == [("running", 2)]
        assert await owner.queue.acknowledge([outcome(new, Ending.DONE)]) == {new.id}

    async def test_attempt_that_was_freed_and_not_yet_taken_cannot_be_ended(
        self, database: Database, hand: Make
    ) -> None:
        await enqueue(database, task)
        zombie = hand()
        old = await zombie.one()
        await expire(database)
        await hand().queue.rescue()
        assert await zombie.queue.acknowledge([outcome(old, Ending.DONE)]) == set()
        assert await state(database) == [("ready", 1)]

    async def test_older_attempt_of_the_same_worker_cannot_end_the_newer(
        self, database: Database, hand: Make
    ) -> None:
        await enqueue(database, task)
        worker = hand()
        old = await worker.one()
        await worker.queue.put_back([outcome(old, Ending.FAILED, delay=0.0)], refund=False)
        new = await worker.one()
        assert (old.attempt, new.attempt) == (1, 2)
        assert await worker.queue.acknowledge([outcome(old, Ending.DONE)]) == set()
        assert await worker.queue.acknowledge([outcome(new, Ending.DONE)]) == {new.id}


class TestEnds:
    async def test_done_job_has_no_row(self, database: Database, hand: Make) -> None:
        await enqueue(database, task, 3)
        worker = hand()
        done = [outcome(claimed, Ending.DONE) for claimed in await worker.claim()]
        assert len(await worker.queue.acknowledge(done)) == 3
        assert await state(database) == []

    async def test_result_is_kept_where_wanted(self, database: Database, hand: Make) -> None:
        await enqueue(database, task, 2)
        worker = hand()
        one, two = await worker.claim()
        kept = outcome(one, Ending.DONE, result='{"a": 1}', keep=60.0)
        await worker.queue.acknowledge([kept, outcome(two, Ending.DONE)])
        stored = "SELECT id, name, result, expires_at > now() FROM fastgres.job_results"
        assert await rows(database, stored) == [(one.id, "task", {"a": 1}, True)]

    async def test_failed_job_waits_and_keeps_its_attempt(
        self, database: Database, hand: Make
    ) -> None:
        await enqueue(database, task)
        worker = hand()
        failed = outcome(await worker.one(), Ending.FAILED, delay=60.0, error="Oh: no")
        await worker.queue.put_back([failed], refund=False)
        stored = "SELECT state, attempt, last_error, run_at > now(), worker FROM fastgres.jobs"
        assert await rows(database, stored) == [("ready", 1, "Oh: no", True, None)]

    async def test_released_job_keeps_its_place_and_its_attempts(
        self, database: Database, hand: Make
    ) -> None:
        await enqueue(database, task)
        before = await value(database, "SELECT run_at FROM fastgres.jobs")
        worker = hand()
        released = outcome(await worker.one(), Ending.RELEASED)
        await worker.queue.put_back([released], refund=True)
        assert await state(database) == [("ready", 0)]
        assert await value(database, "SELECT run_at FROM fastgres.jobs") == before

    async def test_postponed_job_waits_as_long_as_it_is_old(
        self, database: Database, hand: Make
    ) -> None:
        await enqueue(database, task, 3)
        age = (
            "UPDATE fastgres.jobs SET created_at = now() - CASE id"
            " WHEN :old THEN interval '1 minute' WHEN :ancient THEN interval '1 day'"
            " ELSE interval '0' END"
        )
        worker = hand()
        new, old, ancient = await worker.claim()
        await change(database, age, old=old.id, ancient=ancient.id)
        waiting = [outcome(each, Ending.POSTPONED, error="unknown") for each in (new, old, ancient)]
        await worker.queue.postpone(waiting)
        waits = "SELECT extract(epoch FROM run_at - now())::int FROM fastgres.jobs ORDER BY id"
        assert [seconds for (seconds,) in await rows(database, waits)] == [
            pytest.approx(5, abs=1),
            pytest.approx(60, abs=2),
            pytest.approx(600, abs=1),
        ]
        assert await state(database) == [("ready", 0)] * 3

    async def test_buried_job_is_kept_as_it_was(self, database: Database, hand: Make) -> None:
        job_id = await enqueue(database, task, number=7)
        worker = hand()
        dead = outcome(await worker.one(), Ending.DEAD, reason="Gave up.", error="Oh: no")
        assert await worker.queue.bury([dead]) == {job_id}
        assert await state(database) == []
        stored = "SELECT id, name, arguments, attempt, reason, last_error FROM fastgres.dead_jobs"
        assert await rows(database, stored) == [
            (job_id, "task", {"number": 7}, 1, "Gave up.", "Oh: no")
        ]


class TestRescue:
    async def test_job_of_a_silent_worker_is_freed_and_the_attempt_counted(
        self, database: Database, hand: Make
    ) -> None:
        job_id = await enqueue(database, task)
        silent = hand()
        await silent.claim()
        await expire(database)
        (rescued,) = await hand().queue.rescue()
        assert (rescued.id, rescued.attempt, rescued.dead) == (job_id, 1, False)
        assert rescued.worker == silent.me.id
        assert await state(database) == [("ready", 1)]

    async def test_last_attempt_leads_to_the_dead_letters(
        self, database: Database, hand: Make
    ) -> None:
        job_id = await enqueue(database, task)
        for attempt in (1, 2):
            await change(database, "UPDATE fastgres.jobs SET run_at = now()")
            assert (await hand().one()).attempt == attempt
            await expire(database)
            await hand().queue.rescue()
        dead = await rows(database, "SELECT id, reason FROM fastgres.dead_jobs")
        assert dead[0][0] == job_id
        assert "did not renew its lease during attempt 2" in dead[0][1]
        assert await state(database) == []

    async def test_lease_that_was_renewed_is_left_alone(
        self, database: Database, hand: Make
    ) -> None:
        await enqueue(database, task)
        worker = hand()
        claimed = await worker.one()
        await expire(database)
        assert await worker.queue.renew([claimed]) == {(claimed.id, 1): (True, True)}
        assert await hand().queue.rescue() == []

    async def test_job_that_completes_itself_just_now_is_neither_waited_for_nor_freed(
        self, database: Database, hand: Make
    ) -> None:
        await enqueue(database, task)
        worker = hand()
        claimed = await worker.one()
        await expire(database)
        async with database.session() as session, session.begin():
            await session.execute(LOCK_ONE)
            async with asyncio.timeout(1):
                assert await hand().queue.rescue() == []
                assert await worker.queue.renew([claimed]) == {(claimed.id, 1): (False, True)}

    async def test_only_one_worker_at_a_time_looks(self, database: Database, hand: Make) -> None:
        await enqueue(database, task)
        await hand().claim()
        await expire(database)
        async with database.session() as session, session.begin():
            await session.execute(TAKE_TURN)
            assert await hand().queue.rescue() == []
        assert len(await hand().queue.rescue()) == 1


async def test_renewal_tells_of_an_attempt_that_was_stolen(database: Database, hand: Make) -> None:
    await enqueue(database, task)
    zombie, owner = hand(), hand()
    claimed = await zombie.one()
    await expire(database)
    await owner.queue.rescue()
    await owner.claim()
    assert await zombie.queue.renew([claimed]) == {(claimed.id, 1): (False, False)}


async def test_claim_whose_answer_was_lost_is_not_renewed(database: Database, hand: Make) -> None:
    """Nobody runs it: it has to expire, and be freed, though its worker lives."""
    await enqueue(database, task, 2)
    worker = hand()
    lost, known = await worker.claim()
    await expire(database)
    await worker.queue.renew([known])
    assert [rescued.id for rescued in await worker.queue.rescue()] == [lost.id]


async def test_two_attempts_of_one_job_on_one_worker_are_told_apart(
    database: Database, hand: Make
) -> None:
    """One was lost and is cleaning up, the other has just begun."""
    await enqueue(database, task)
    worker = hand()
    old = await worker.one()
    await expire(database)
    await worker.queue.rescue()
    new = await worker.one()
    answers = await worker.queue.renew([new, old])
    assert answers == {(old.id, 1): (True, False), (new.id, 2): (True, True)}


async def test_progress_is_stored_for_the_owner_only(database: Database, hand: Make) -> None:
    await enqueue(database, task)
    worker, other = hand(), hand()
    claimed = await worker.one()
    assert await worker.queue.report(claimed, '{"done": 5}')
    assert not await other.queue.report(claimed, '{"done": 9}')
    assert await value(database, "SELECT progress FROM fastgres.jobs") == {"done": 5}


async def test_worker_is_listed_while_it_renews(database: Database, hand: Make) -> None:
    worker = hand()
    await worker.queue.renew([])
    listed = await rows(database, "SELECT id, queues, concurrency FROM fastgres.workers")
    assert listed == [(worker.me.id, ["default"], 10)]
    await worker.queue.leave()
    assert await rows(database, "SELECT id FROM fastgres.workers") == []
