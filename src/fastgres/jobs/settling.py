"""Writing down how attempts ended, many at once, and only for the attempts that still count."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from fastgres.errors import InvalidValueError, ProblemError
from fastgres.jobs.outcome import Ending, Outcome
from fastgres.jobs.trouble import Trouble
from fastgres.observability import get_logger

if TYPE_CHECKING:
    from fastgres.jobs.claimed import ClaimedJob
    from fastgres.jobs.queue import Queue
    from fastgres.jobs.stats import WorkerStats

log = get_logger(__name__)

PAUSE: Final = 0.5
"""Seconds between two tries while the database is away."""

BATCH: Final = 1_000
"""Outcomes written by one statement, at most."""


class Settler:
    """Collects outcomes and writes each kind with one statement; what it could not write it keeps.

    A row that is not returned belongs to somebody else by now: the attempt was stolen. That is
    counted and logged, and never tried again.
    """

    def __init__(self, queue: Queue, stats: WorkerStats) -> None:
        self._queue = queue
        self._stats = stats
        self._waiting: list[Outcome] = []
        self._in_doubt: set[tuple[int, int]] = set()
        self._more = asyncio.Event()
        self.settled = asyncio.Event()
        self.settled.set()

    def __len__(self) -> int:
        return len(self._waiting)

    def jobs(self) -> list[ClaimedJob]:
        """Return the jobs whose outcomes are not written yet."""
        return [outcome.job for outcome in self._waiting]

    def add(self, outcome: Outcome) -> None:
        """Take the outcome of an attempt; it is written soon."""
        if outcome.ending is Ending.LOST:
            self._count_stolen(outcome)
            return
        self._waiting.append(outcome)
        self.settled.clear()
        self._more.set()

    async def run(self) -> None:
        """Write what comes, for ever."""
        trouble = Trouble(log, "writing of outcomes")
        while True:
            await self._more.wait()
            try:
                await self.flush()
                trouble.over()
            except InvalidValueError:
                log.exception("job outcomes refused", outcomes=len(self._waiting))
                self._waiting.clear()
            except ProblemError as error:
                trouble.met(error, waiting=len(self._waiting))
                await asyncio.sleep(PAUSE)

    async def flush(self) -> None:
        """Write all that waits; raises `ProblemError` while the database is away."""
        while self._waiting:
            batch = self._waiting[:BATCH]
            for ending in Ending:
                await self._write(ending, [o for o in batch if o.ending is ending])
        self._more.clear()
        self.settled.set()

    async def _write(self, ending: Ending, outcomes: Sequence[Outcome]) -> None:
        if not outcomes:
            return
        try:
            owned = await self._send(ending, outcomes)
        except ProblemError:
            self._in_doubt.update((outcome.job.id, outcome.job.attempt) for outcome in outcomes)
            raise
        written = set(map(id, outcomes))
        self._waiting = [outcome for outcome in self._waiting if id(outcome) not in written]
        for outcome in outcomes:
            self._count(outcome, owned=outcome.job.id in owned)

    async def _send(self, ending: Ending, outcomes: Sequence[Outcome]) -> set[int]:
        if ending is Ending.DONE:
            return await self._queue.acknowledge(outcomes)
        if ending is Ending.DEAD:
            return await self._queue.bury(outcomes)
        if ending is Ending.POSTPONED:
            return await self._queue.postpone(outcomes)
        return await self._queue.put_back(outcomes, refund=ending is not Ending.FAILED)

    def _count(self, outcome: Outcome, *, owned: bool) -> None:
        key = (outcome.job.id, outcome.job.attempt)
        in_doubt = key in self._in_doubt
        self._in_doubt.discard(key)
        if not owned and not (outcome.completed or in_doubt):
            self._count_stolen(outcome)
        elif outcome.ending is Ending.DONE:
            self._stats.done += 1
        elif outcome.ending is Ending.DEAD:
            self._stats.dead += 1
        elif outcome.ending is Ending.FAILED:
            self._stats.failed += 1
        elif outcome.ending is Ending.POSTPONED:
            self._stats.postponed += 1
        else:
            self._stats.released += 1

    def _count_stolen(self, outcome: Outcome) -> None:
        self._stats.stolen += 1
        job = outcome.job
        log.warning("job was stolen", job=job.name, job_id=job.id, attempt=job.attempt)
