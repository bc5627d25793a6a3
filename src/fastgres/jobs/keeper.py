"""Keeping what a worker has: leases renewed, its own attempts given up in time, others freed."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable
from time import monotonic
from typing import TYPE_CHECKING

from fastgres.errors import ProblemError
from fastgres.jobs.outcome import Ending
from fastgres.jobs.trouble import Trouble
from fastgres.observability import get_logger

if TYPE_CHECKING:
    from fastgres.jobs.claimed import ClaimedJob
    from fastgres.jobs.queue import Queue
    from fastgres.jobs.slots import Slots
    from fastgres.jobs.stats import WorkerStats
    from fastgres.jobs.watchdog import Watchdog

log = get_logger(__name__)


class Keeper:
    """Renews leases every third of one, and lets go of attempts whose lease it could not renew."""

    def __init__(
        self,
        queue: Queue,
        slots: Slots,
        *,
        lease: float,
        stats: WorkerStats,
        ended: Callable[[], Iterable[ClaimedJob]] = tuple,
    ) -> None:
        self._queue = queue
        self._slots = slots
        self._ended = ended
        self._lease = lease
        self._stats = stats
        self._trouble = Trouble(log, "renewal of leases")

    @property
    def margin(self) -> float:
        """Seconds before the end of a lease at which its attempt is given up."""
        return self._lease / 6

    async def keep(self) -> None:
        """Renew, rescue, wait a third of a lease; for ever. A failure is tried again sooner."""
        while True:
            try:
                await self.renew()
                await self.rescue()
                pause = self._lease / 3
                self._trouble.over()
            except ProblemError as error:
                self._trouble.met(error, running=len(self._slots.running))
                pause = self._lease / 15
            await asyncio.sleep(pause * random.uniform(0.8, 1.0))  # noqa: S311 - no secret, only spread

    async def renew(self) -> None:
        """Renew the leases of all attempts, and let go of those that were stolen.

        Also of those that have ended, until it is written down.
        """
        slots = list(self._slots.running)
        began = monotonic()
        answers = await self._queue.renew([*(slot.job for slot in slots), *self._ended()])
        for slot in slots:
            renewed, ours = answers[slot.job.id, slot.job.attempt]
            if renewed and ours:
                slot.until = began + self._lease
            elif not ours and not slot.running.completing and slot in self._slots.running:
                slot.cancel(Ending.LOST)

    async def rescue(self) -> None:
        """Free the jobs of workers that stopped renewing."""
        for rescued in await self._queue.rescue():
            self._stats.rescued += 1
            log.warning(
                "job rescued",
                job=rescued.name,
                job_id=rescued.id,
                attempt=rescued.attempt,
                from_worker=str(rescued.worker),
                dead=rescued.dead,
            )

    async def fence(self, watchdog: Watchdog | None) -> None:
        """Give up attempts whose lease is about to end: another worker will take them."""
        while True:
            if watchdog is not None:
                watchdog.beat()
            for slot in self._slots.expiring(self.margin):
                log.error("job given up", job=slot.job.name, job_id=slot.job.id, why="lease ends")
                slot.cancel(Ending.LOST)
            await asyncio.sleep(min(self._lease / 30, 1.0))
