"""Leases: renewed, lost, given up in time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from time import monotonic
from typing import TYPE_CHECKING

import pytest

from fastgres.jobs import RunningJob, WorkerStats
from fastgres.jobs.keeper import Keeper
from fastgres.jobs.outcome import Ending
from fastgres.jobs.slots import Slot, Slots
from tests.jobs.workshop import Hand, change, enqueue, leave_note, value

if TYPE_CHECKING:
    from fastgres.db import Database

pytestmark = pytest.mark.clone

Make = Callable[..., Hand]
LEASE = 30.0


@asynccontextmanager
async def running(
    database: Database, worker: Hand, until: float
) -> AsyncIterator[tuple[Keeper, Slot]]:
    """An attempt that runs for ever, with the keeper of its worker."""
    await enqueue(database, leave_note)
    job = RunningJob(
        claimed=await worker.one(), worker=worker.me.id, database=database, reports=worker.queue
    )
    slots = Slots(10)
    slot = Slot(job, until=until)

    async def forever() -> None:
        await asyncio.Event().wait()

    slot.task = asyncio.create_task(forever())
    slots.add(slot)
    yield Keeper(worker.queue, slots, lease=LEASE, stats=WorkerStats()), slot
    slot.task.cancel()
    await asyncio.gather(slot.task, return_exceptions=True)


async def test_renewal_moves_both_clocks(database: Database, hand: Make) -> None:
    async with running(database, hand(), until=monotonic()) as (keeper, slot):
        await change(database, "UPDATE fastgres.jobs SET lease_until = now()")
        await keeper.renew()
        left = await value(
            database, "SELECT extract(epoch FROM lease_until - now()) FROM fastgres.jobs"
        )
        assert left > LEASE - 5
        assert slot.until > monotonic() + LEASE - 5
        assert slot.cancelled_as is None


async def test_attempt_that_was_stolen_is_cancelled(database: Database, hand: Make) -> None:
    async with running(database, hand(), until=monotonic() + LEASE) as (keeper, slot):
        await change(database, "UPDATE fastgres.jobs SET attempt = attempt + 1")
        await keeper.renew()
        assert slot.cancelled_as is Ending.LOST


async def test_attempt_that_completes_itself_is_left_alone(database: Database, hand: Make) -> None:
    async with running(database, hand(), until=monotonic()) as (keeper, slot):
        slot.running.completing = True
        await change(database, "DELETE FROM fastgres.jobs")
        await keeper.renew()
        fencing = asyncio.create_task(keeper.fence(None))
        await asyncio.sleep(0)
        fencing.cancel()
        assert slot.cancelled_as is None


async def test_attempt_whose_lease_is_about_to_end_is_given_up(
    database: Database, hand: Make
) -> None:
    """The database may be away: by its own clock a worker stops before others begin."""
    worker = hand()
    async with running(database, worker, until=monotonic() + LEASE / 6 - 0.1) as (keeper, slot):
        fencing = asyncio.create_task(keeper.fence(None))
        assert slot.task is not None
        async with asyncio.timeout(5):
            await asyncio.gather(slot.task, return_exceptions=True)
        fencing.cancel()
        assert slot.cancelled_as is Ending.LOST


async def test_attempt_that_has_ended_keeps_its_lease_until_that_is_written(
    database: Database, hand: Make
) -> None:
    await enqueue(database, leave_note)
    worker = hand()
    claimed = await worker.one()
    await change(database, "UPDATE fastgres.jobs SET lease_until = now() - interval '1 s'")
    keeper = Keeper(
        worker.queue, Slots(1), lease=LEASE, stats=WorkerStats(), ended=lambda: [claimed]
    )
    await keeper.renew()
    assert await hand().queue.rescue() == []


async def test_what_was_rescued_is_counted(database: Database, hand: Make) -> None:
    await enqueue(database, leave_note)
    await hand().claim()
    await change(database, "UPDATE fastgres.jobs SET lease_until = now() - interval '1 s'")
    stats = WorkerStats()
    await Keeper(hand().queue, Slots(1), lease=LEASE, stats=stats).rescue()
    assert stats.rescued == 1
