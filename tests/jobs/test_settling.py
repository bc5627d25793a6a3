"""Writing outcomes down: together, fenced, and again when the database was away."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from pytest_asyncio import fixture as async_fixture

from fastgres.errors import InvalidTextError, ServerUnavailableError
from fastgres.jobs import WorkerStats
from fastgres.jobs.link import OwnLink
from fastgres.jobs.outcome import Ending
from fastgres.jobs.queue import Queue
from fastgres.jobs.settling import Settler
from tests.jobs.workshop import Hand, change, enqueue, leave_note, outcome, rows

if TYPE_CHECKING:
    from fastgres.db import Database
    from fastgres.jobs.claimed import ClaimedJob

pytestmark = pytest.mark.clone

Make = Callable[..., Hand]


class Flaky:
    """A link whose answer is lost `times` times: after the statement was run, or before."""

    def __init__(self, link: OwnLink, error: Exception, *, after: bool) -> None:
        self._link = link
        self._error: Exception | None = error
        self._after = after

    async def fetch(self, statement: str, *arguments: object) -> Sequence[Any]:
        """Run it, and lose the first answer."""
        error, self._error = self._error, None
        answer = () if error and not self._after else await self._link.fetch(statement, *arguments)
        if error:
            raise error
        return answer

    def close(self) -> None:
        """Close the link below."""
        self._link.close()


@dataclass
class Held:
    """A job in the hands of a worker, and what will write down its end."""

    job: ClaimedJob
    settler: Settler
    stats: WorkerStats


@async_fixture
async def held(database: Database, hand: Make) -> Held:
    """The first attempt of a job."""
    await enqueue(database, leave_note)
    worker, stats = hand(), WorkerStats()
    return Held(await worker.one(), Settler(worker.queue, stats), stats)


async def test_each_kind_is_written(database: Database, hand: Make) -> None:
    await enqueue(database, leave_note, 5)
    worker, stats = hand(), WorkerStats()
    settler = Settler(worker.queue, stats)
    endings = [Ending.DONE, Ending.FAILED, Ending.DEAD, Ending.POSTPONED, Ending.RELEASED]
    for claimed, ending in zip(await worker.claim(), endings, strict=True):
        settler.add(outcome(claimed, ending, delay=60.0 if ending is Ending.FAILED else None))
    await settler.flush()
    assert len(settler) == 0
    assert (stats.done, stats.failed, stats.dead, stats.postponed, stats.released) == (1,) * 5
    left = await rows(database, "SELECT state, attempt FROM fastgres.jobs ORDER BY id")
    assert left == [("ready", 1), ("ready", 0), ("ready", 0)]


async def test_stolen_attempt_is_counted_and_not_tried_again(
    database: Database, held: Held
) -> None:
    await change(database, "UPDATE fastgres.jobs SET attempt = attempt + 1")
    held.settler.add(outcome(held.job, Ending.DONE))
    await held.settler.flush()
    assert (held.stats.stolen, held.stats.done, len(held.settler)) == (1, 0, 0)


async def test_job_that_completed_itself_is_done_and_not_stolen(
    database: Database, held: Held
) -> None:
    await change(database, "DELETE FROM fastgres.jobs")
    held.settler.add(outcome(held.job, Ending.DONE, completed=True))
    await held.settler.flush()
    assert (held.stats.stolen, held.stats.done) == (0, 1)


@pytest.mark.parametrize("after", [True, False])
async def test_lost_answer_is_asked_for_again_and_is_no_theft(
    database: Database, hand: Make, after: bool
) -> None:
    await enqueue(database, leave_note)
    worker, stats = hand(), WorkerStats()
    flaky = Flaky(OwnLink(database), ServerUnavailableError(), after=after)
    settler = Settler(Queue(flaky, worker.me), stats)
    settler.add(outcome(await worker.one(), Ending.DONE))
    with pytest.raises(ServerUnavailableError):
        await settler.flush()
    assert len(settler) == 1
    await settler.flush()
    flaky.close()
    assert (stats.done, stats.stolen) == (1, 0)
    assert await rows(database, "SELECT id FROM fastgres.jobs") == []


async def test_outcome_that_cannot_be_stored_does_not_hold_the_others_up(
    database: Database, hand: Make
) -> None:
    await enqueue(database, leave_note)
    worker, stats = hand(), WorkerStats()
    flaky = Flaky(OwnLink(database), InvalidTextError(), after=False)
    settler = Settler(Queue(flaky, worker.me), stats)
    running = asyncio.create_task(settler.run())
    settler.add(outcome(await worker.one(), Ending.DONE))
    async with asyncio.timeout(5):
        await settler.settled.wait()
    running.cancel()
    flaky.close()
    assert len(settler) == 0
