"""Enqueueing scheduled jobs at their moments: once each, by whichever worker comes first."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

from fastgres.errors import ProblemError
from fastgres.jobs.trouble import Trouble
from fastgres.observability import get_logger

if TYPE_CHECKING:
    from fastgres.jobs.cron import Cron
    from fastgres.jobs.definition import Job
    from fastgres.jobs.enqueue import Call
    from fastgres.jobs.queue import Queue

log = get_logger(__name__)

CATCH_UP: Final = dt.timedelta(minutes=10)
"""How old a tick may be that nobody has enqueued: after a longer pause it is left out."""

_LONGEST: Final = 30.0
"""Seconds after which the database's clock is asked again."""

_AWAY: Final = 5.0
"""Seconds to wait while the database is away."""


class Timetable:
    """Asks the database for the time, and enqueues of each schedule the latest tick only.

    After a pause, of an hour say, a job on `* * * * *` is enqueued once, not sixty times.
    """

    def __init__(self, jobs: Iterable[Job[Any]], queue: Queue, wake: Callable[[], None]) -> None:
        self._crons: list[tuple[Job[Any], Cron]] = [
            (job, job.cron) for job in jobs if job.cron is not None
        ]
        self._queue = queue
        self._wake = wake
        self._done: dict[str, dt.datetime] = {}

    def __bool__(self) -> bool:
        return bool(self._crons)

    async def run(self) -> None:
        """Enqueue what is due and sleep until the next tick, for ever."""
        trouble = Trouble(log, "clock of schedules")
        while True:
            try:
                pause = await self.enqueue_due(await self._queue.now())
                trouble.over()
            except ProblemError as error:
                trouble.met(error)
                pause = _AWAY
            await asyncio.sleep(pause)

    async def enqueue_due(self, now: dt.datetime) -> float:
        """Enqueue what is due at `now`; return the seconds until something is again."""
        due = list(self._due(now))
        if due:
            for job_id, name in await self._queue.tick(due):
                log.info("job scheduled", job=name, job_id=job_id)
            self._done.update((call.name, tick) for call, tick in due)
            self._wake()
        following = min(cron.next(now) for _, cron in self._crons)
        return min((following - now).total_seconds() + 0.005, _LONGEST)

    def _due(self, now: dt.datetime) -> Iterable[tuple[Call, dt.datetime]]:
        for job, cron in self._crons:
            tick = cron.latest(now)
            if now - tick <= CATCH_UP and self._done.get(job.name) != tick:
                yield job.call(), tick
