"""One run of a worker: its identity, its connections, and what goes on at the same time."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from fastgres.errors import ConfigurationError, ProblemError
from fastgres.jobs.attempt import run_attempt
from fastgres.jobs.keeper import Keeper
from fastgres.jobs.lanes import Lanes
from fastgres.jobs.link import link_to, shares_connection
from fastgres.jobs.listener import Listener
from fastgres.jobs.outcome import Ending, Outcome, why_unknown
from fastgres.jobs.queue import Identity, Queue
from fastgres.jobs.running import RunningJob
from fastgres.jobs.settling import Settler
from fastgres.jobs.slots import Slot, Slots
from fastgres.jobs.timetable import Timetable
from fastgres.jobs.trouble import Trouble
from fastgres.jobs.waking import Alarm
from fastgres.jobs.watchdog import Watchdog
from fastgres.observability import get_logger
from fastgres.tables import keep_tables

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from fastgres.db import Database
    from fastgres.jobs.claimed import ClaimedJob
    from fastgres.jobs.definition import Job
    from fastgres.jobs.stats import WorkerStats

log = get_logger(__name__)

_CLEAN_UP: Final = 5.0
"""Seconds that cancelled jobs get to clean up, and the last outcomes to be written."""

_UNWRITTEN: Final = 200
"""How many outcomes may wait to be written: so many jobs run twice if the process dies now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftOptions:
    """How a worker works."""

    queues: tuple[str, ...]
    concurrency: int = 10
    lease: float = 30.0
    poll: float = 1.0
    grace: float = 20.0
    listen: bool = True
    watchdog: bool = False

    def __post_init__(self) -> None:
        """Refuse numbers with which nothing would ever run."""
        for name in ("concurrency", "lease", "poll"):
            value = getattr(self, name)
            if value <= 0:
                raise ConfigurationError(
                    f"The worker was given {name}={value!r}, with which it would never run a job. "
                    "Give a number above 0."
                )


class Shift:
    """Claims into free slots, runs, writes down, keeps leases; ends all of it in order."""

    def __init__(
        self,
        database: Database,
        jobs: dict[str, Job[Any]],
        *,
        options: ShiftOptions,
        stats: WorkerStats,
    ) -> None:
        self._database = database
        self._jobs = jobs
        self._options = options
        self._stats = stats
        self.me = Identity(
            queues=options.queues, concurrency=options.concurrency, lease=options.lease
        )
        self._links = [link_to(database) for _ in range(3)]
        self._queue, self._ending, self._keeping = (Queue(link, self.me) for link in self._links)
        self._slots = Slots(options.concurrency)
        self._settler = Settler(self._ending, stats)
        self._keeper = Keeper(
            self._keeping,
            self._slots,
            lease=options.lease,
            stats=stats,
            ended=self._settler.jobs,
        )
        self._lanes = Lanes(options.queues, self._declared_lanes())
        self._alarm = Alarm(options.poll)
        self._stopping = asyncio.Event()
        self._at_once = asyncio.Event()

    def _declared_lanes(self) -> set[tuple[str, int]]:
        every = {(job.options.queue, job.options.priority) for job in self._jobs.values()}
        return {lane for lane in every if lane[0] in self._options.queues}

    def stop(self) -> None:
        """Stop softly; a second time, at once."""
        if self._stopping.is_set():
            self._at_once.set()
        else:
            running, grace = len(self._slots.running), self._options.grace
            log.info("worker stopping", running=running, seconds=grace if running else 0)
        self._claim_no_more()

    def _claim_no_more(self) -> None:
        self._stopping.set()
        self._alarm.ring()
        self._slots.freed.set()

    async def work(self) -> None:
        """Work until `stop()`, then let go of everything."""
        watchdog = Watchdog(self._options.lease * 5 / 6) if self._options.watchdog else None
        with _watched(watchdog):
            loops = [asyncio.create_task(loop) for loop in self._loops(watchdog)]
            claiming = asyncio.create_task(self._claim())
            try:
                await asyncio.wait({claiming, *loops}, return_when=asyncio.FIRST_COMPLETED)
                self._claim_no_more()
                await claiming
            finally:
                await self._finish(claiming)
                await _end(loops)
                self.close()
        for loop in loops:
            if not loop.cancelled():
                loop.result()

    def _loops(self, watchdog: Watchdog | None) -> Iterator[Coroutine[Any, Any, None]]:
        yield self._settler.run()
        yield self._keeper.keep()
        yield self._keeper.fence(watchdog)
        timetable = Timetable(self._jobs.values(), self._keeping, self._alarm.ring)
        if timetable:
            yield timetable.run()
        yield keep_tables(self._database.engine)
        if self._options.listen and self._database.settings.database_pooler == "none":
            yield Listener(self._database, self._options.queues, self._alarm.ring).run()

    async def _claim(self) -> None:
        trouble = Trouble(log, "claiming of jobs")
        while not self._stopping.is_set():
            self._alarm.clear()
            free = await self._room()
            if self._stopping.is_set():
                return
            began = monotonic()
            try:
                jobs = await self._queue.claim(free, self._lanes)
            except ProblemError as error:
                trouble.met(error)
                await self._alarm.pause(self._options.poll)
                continue
            trouble.over()
            self._take(jobs, began)
            if len(jobs) < free and not self._stopping.is_set():
                await self._alarm.wait()

    async def _room(self) -> int:
        """Wait for free slots: what cannot be started now is left to other workers."""
        while not self._stopping.is_set():
            if self._slots.free <= 0:
                self._slots.freed.clear()
                await self._slots.freed.wait()
            elif len(self._settler) > _UNWRITTEN:
                await _within(1.0, self._settler.settled)
            else:
                break
        return self._slots.free

    def _take(self, jobs: Iterable[ClaimedJob], began: float) -> None:
        for claimed in jobs:
            self._stats.claimed += 1
            slot = self._slot_for(claimed, began)
            if self._stopping.is_set():
                self._settler.add(slot.outcome_of_cancelling())
            elif (job := self._known(claimed)) is None:
                self._settler.add(_postponed(claimed))
            else:
                self._slots.add(slot)
                slot.task = asyncio.create_task(self._run(slot, job))

    def _slot_for(self, claimed: ClaimedJob, began: float) -> Slot:
        running = RunningJob(
            claimed=claimed, worker=self.me.id, database=self._database, reports=self._ending
        )
        return Slot(running, until=began + self._options.lease)

    def _known(self, claimed: ClaimedJob) -> Job[Any] | None:
        """Return the job of a row, unless its function is gone or the row is of a later release."""
        job = self._jobs.get(claimed.name)
        return job if job is not None and claimed.version <= job.options.version else None

    async def _run(self, slot: Slot, job: Job[Any]) -> None:
        try:
            outcome = await run_attempt(job, slot.running)
        except asyncio.CancelledError:
            outcome = slot.outcome_of_cancelling()
        finally:
            self._slots.remove(slot)
        self._settler.add(outcome)

    async def _finish(self, claiming: asyncio.Task[None]) -> None:
        """Let attempts end, cancel the rest, write down what became of them."""
        await _end([claiming])
        await self._wait_for_attempts()
        if self._slots.running:
            names = sorted(f"{slot.job.name}:{slot.job.id}" for slot in self._slots.running)
            log.warning("jobs given back", jobs=names)
        for slot in list(self._slots.running):
            slot.cancel(Ending.RELEASED)
        if not await self._slots.wait_for_all(_CLEAN_UP):
            log.error("jobs do not end", jobs=[slot.job.name for slot in self._slots.running])
        if not await _within(_CLEAN_UP, self._settler.settled):
            log.error("job outcomes lost", outcomes=len(self._settler))
        with contextlib.suppress(ProblemError):
            await self._keeping.leave()

    async def _wait_for_attempts(self) -> None:
        waiting = asyncio.create_task(self._slots.wait_for_all(self._options.grace))
        hurried = asyncio.create_task(self._at_once.wait())
        await asyncio.wait({waiting, hurried}, return_when=asyncio.FIRST_COMPLETED)
        await _end([waiting, hurried])

    async def drain(self) -> None:
        """Run what is due until nothing is."""
        alone = shares_connection(self._database)
        keeping = [] if alone else [asyncio.create_task(self._keeper.keep())]
        try:
            while await self._drain_once(1 if alone else self._options.concurrency):
                pass
        finally:
            await _end(keeping)
            with contextlib.suppress(ProblemError):
                await self._keeping.leave()
            self.close()

    async def _drain_once(self, free: int) -> bool:
        self._lanes.look_everywhere()
        jobs = await self._queue.claim(free, self._lanes)
        self._take(jobs, monotonic())
        await asyncio.gather(*(slot.task for slot in self._slots.running if slot.task))
        await self._settler.flush()
        return bool(jobs)

    def close(self) -> None:
        """Drop the connections."""
        for link in self._links:
            link.close()


def _postponed(claimed: ClaimedJob) -> Outcome:
    why = why_unknown(claimed)
    log.warning("job unknown", job=claimed.name, job_id=claimed.id, why=why)
    return Outcome(job=claimed, ending=Ending.POSTPONED, error=why)


async def _within(seconds: float, event: asyncio.Event) -> bool:
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False


async def _end(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel tasks and wait for them; what they raised is raised where it is waited for."""
    ending = list(tasks)
    for task in ending:
        task.cancel()
    await asyncio.gather(*ending, return_exceptions=True)


@contextlib.contextmanager
def _watched(watchdog: Watchdog | None) -> Iterator[None]:
    if watchdog is None:
        yield
        return
    watchdog.start()
    try:
        yield
    finally:
        watchdog.stop()
