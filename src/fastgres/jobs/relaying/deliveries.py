"""Running the jobs that messages name, with the leases, fences and retries of the queue."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable
from time import monotonic
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, Literal, Self

from fastgres.errors import ProblemError
from fastgres.jobs.attempt import run_attempt
from fastgres.jobs.discovery import find_jobs
from fastgres.jobs.keeper import Keeper
from fastgres.jobs.link import link_to, shares_connection
from fastgres.jobs.outcome import Ending, Outcome, why_unknown
from fastgres.jobs.queue import Identity
from fastgres.jobs.relaying.delivered import DeliveredJob, DeliveryQueue
from fastgres.jobs.settling import Settler
from fastgres.jobs.slots import Slot, Slots
from fastgres.jobs.stats import WorkerStats
from fastgres.jobs.trouble import Trouble
from fastgres.observability import get_logger
from fastgres.tables import require_tables

if TYPE_CHECKING:
    from fastgres.db import Database
    from fastgres.jobs.claimed import ClaimedJob
    from fastgres.jobs.definition import Job

log = get_logger(__name__)

Delivered = Literal["done", "failed", "dead", "postponed", "released", "lost", "skipped"]
"""What became of a message.

`failed` jobs wait in PostgreSQL for their next attempt, `postponed` ones for a release that knows
them; `skipped` means that this delivery had nothing to do.

```python
from fastgres.jobs import Delivered

answer: Delivered = "skipped"
```
"""

_SETTLING: Final = 30.0
"""Seconds for which a message is kept until its end is written down."""

_PAUSE: Final = 0.5
"""Seconds between two tries to claim while the database is away or the row is locked."""


class Deliveries:
    """Run jobs one message each, in a process that something else feeds, such as Celery's.

    `target`: the `target=` of the jobs, and the name under which the inbox remembers them. `lease`
    (30 s): after which the jobs of a process that is gone are sent again. `patience` (60 s): how
    long a message is held while the database is away. Needs two connections besides the pool.

    ```python
    from fastgres.jobs import Deliveries, job

    printed = []

    @job(target="printer")
    async def print_label(order: int) -> None:
        printed.append(order)

    async with session.begin():
        job_id = await print_label.enqueue(session, order=7)
    deliveries = Deliveries(database, [print_label], target="printer")
    async with deliveries:
        assert await deliveries.deliver(job_id) == "done"
        assert await deliveries.deliver(job_id) == "skipped"
    assert printed == [7]
    ```
    """

    def __init__(
        self,
        database: Database,
        jobs: Iterable[ModuleType | Job[Any]],
        *,
        target: str,
        lease: float = 30.0,
        patience: float = 60.0,
    ) -> None:
        self.jobs = {
            name: job for name, job in find_jobs(jobs).items() if job.options.target == target
        }
        self.stats = WorkerStats()
        queues = tuple(sorted({job.options.queue for job in self.jobs.values()}))
        self._database = database
        self._target = target
        self._lease = lease
        self._patience = patience
        self._me = Identity(queues=queues, concurrency=1, lease=lease)
        self._links = [link_to(database) for _ in range(2)]
        self._queue, keeping = (DeliveryQueue(link, self._me, target) for link in self._links)
        self._leaving = keeping
        self._slots = Slots(1)
        self._settler = Settler(self._queue, self.stats)
        self._keeper = Keeper(keeping, self._slots, lease=lease, stats=self.stats)
        self._trouble = Trouble(log, "taking of jobs")
        self._loops: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        """Begin to keep leases; raises `MigrationError` when the tables are missing."""
        await require_tables(self._database.engine, needed_by="the jobs of this service")
        self._database.outage.say_meanwhile("messages are given back")
        loops = [self._settler.run()]
        if not shares_connection(self._database):
            loops += [self._keeper.keep(), self._keeper.fence(None)]
        self._loops = [asyncio.create_task(loop) for loop in loops]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Give back what still runs, write down the rest, and let go of the connections."""
        for slot in list(self._slots.running):
            slot.cancel(Ending.RELEASED)
        await self._slots.wait_for_all(5.0)
        await _within(5.0, self._settler.settled)
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        with contextlib.suppress(ProblemError):
            await self._leaving.leave()
        for link in self._links:
            link.close()

    async def deliver(self, job_id: int) -> Delivered:
        """Run the job of a message to its end; return what became of it.

        Raises `ProblemError` when the database stayed away: then give the message back.
        """
        claimed, began = await self._claim(job_id)
        if claimed is None:
            return await self._skip(job_id)
        outcome = await self._run(claimed, began)
        self._settler.add(outcome)
        await _within(_SETTLING, self._settler.settled)
        answer: Any = outcome.ending.name.lower()
        delivered: Delivered = answer
        return delivered

    async def _claim(self, job_id: int) -> tuple[ClaimedJob | None, float]:
        """Return the job and when it was asked for: its lease began later than that."""
        until = monotonic() + self._patience
        while True:
            began = monotonic()
            try:
                claimed = await self._queue.claim_one(job_id)
            except ProblemError as error:
                if began > until:
                    raise
                self._trouble.met(error, job_id=job_id)
                await asyncio.sleep(_PAUSE)
            else:
                self._trouble.over()
                return claimed, began

    async def _skip(self, job_id: int) -> Delivered:
        done = await self._queue.is_done(job_id)
        why = "it is done" if done else "it runs, waits for its moment, or was cancelled"
        log.info("delivery skipped", job_id=job_id, why=why)
        return "skipped"

    async def _run(self, claimed: ClaimedJob, began: float) -> Outcome:
        """Run one attempt, which ends with its lease too, and when this is cancelled."""
        self.stats.claimed += 1
        job = self.jobs.get(claimed.name)
        if job is None or claimed.version > job.options.version:
            return _postponed(claimed)
        slot = Slot(self._running(claimed), until=began + self._lease)
        ended: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._slots.add(slot)
        slot.task = asyncio.create_task(_attempt(slot, job, ended))
        try:
            return await asyncio.shield(ended)
        except asyncio.CancelledError:
            slot.cancel(Ending.RELEASED)
            return await ended
        finally:
            self._slots.remove(slot)

    def _running(self, claimed: ClaimedJob) -> DeliveredJob:
        return DeliveredJob(
            claimed=claimed,
            worker=self._me.id,
            database=self._database,
            reports=self._queue,
            consumer=self._target,
        )


async def _attempt(slot: Slot, job: Job[Any], ended: asyncio.Future[Outcome]) -> None:
    try:
        outcome = await run_attempt(job, slot.running)
    except asyncio.CancelledError:
        outcome = slot.outcome_of_cancelling()
    ended.set_result(outcome)


def _postponed(claimed: ClaimedJob) -> Outcome:
    why = why_unknown(claimed)
    log.warning("job unknown", job=claimed.name, job_id=claimed.id, why=why)
    return Outcome(job=claimed, ending=Ending.POSTPONED, error=why)


async def _within(seconds: float, event: asyncio.Event) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
