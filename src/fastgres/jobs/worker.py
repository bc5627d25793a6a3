"""The worker: runs the jobs of some queues in this process."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from fastgres.errors import ConfigurationError, UnavailableError
from fastgres.jobs.discovery import find_jobs
from fastgres.jobs.link import shares_connection
from fastgres.jobs.shift import Shift, ShiftOptions
from fastgres.jobs.signals import stopped_by_signals
from fastgres.jobs.stats import WorkerStats
from fastgres.observability import get_logger
from fastgres.tables import require_tables

if TYPE_CHECKING:
    from fastgres.db import Database
    from fastgres.jobs.definition import Job

log = get_logger(__name__)


class WorkerOptions(TypedDict, total=False):
    """What `Worker` takes besides its database and jobs.

    ```python
    from fastgres.jobs import Worker, WorkerOptions

    options: WorkerOptions = {"queues": ["mail"], "concurrency": 5, "grace": 10.0}
    assert Worker(database, [], **options).queues == ("mail",)
    ```
    """

    queues: Iterable[str] | None
    concurrency: int
    lease: float
    poll: float
    grace: float
    listen: bool
    watchdog: bool


class Worker:
    """Run the jobs of some queues in this process.

    `queues`: those of the jobs unless given. `concurrency` (10): attempts at once; their sessions
    come from the pool of `database`, so keep that as large, or let jobs do without. `lease` (30 s):
    after which the jobs of a worker that is gone are given to others. `poll` (1 s): how often it
    looks without being woken, and all that is left with `listen=False`, or behind a pooler in
    transaction mode. `grace` (20 s): what running jobs get when it stops. `watchdog` (off): end the
    process when its loop stands still for most of a lease.

    Besides the pool it holds four connections. Everything it decides by time, the database's
    clock decides. `stats` counts what became of its jobs.

    ```python
    from fastgres.jobs import Worker, job

    greeted = []

    @job()
    async def greet(name: str) -> None:
        greeted.append(name)

    async with session.begin():
        await greet.enqueue(session, name="Ada")
    stats = await Worker(database, [greet]).drain()
    assert (stats.done, greeted) == (1, ["Ada"])
    ```
    """

    def __init__(
        self,
        database: Database,
        jobs: Iterable[ModuleType | Job[Any]],
        **options: Unpack[WorkerOptions],
    ) -> None:
        self.database = database
        self.jobs = find_jobs(jobs)
        self.stats = WorkerStats()
        given: dict[str, Any] = {**options}
        queues = given.pop("queues", None) or self._queues_of_jobs()
        self._options = ShiftOptions(queues=tuple(queues), **given)
        self._shift: Shift | None = None
        self._stops = 0

    @property
    def queues(self) -> tuple[str, ...]:
        """The queues it takes jobs from."""
        return self._options.queues

    def _queues_of_jobs(self) -> list[str]:
        return sorted({job.options.queue for job in self.jobs.values()}) or ["default"]

    def stop(self) -> None:
        """Claim no more and let running jobs end within `grace`; a second time, stop at once.

        Jobs that are cancelled go back to the queue, and the attempt is not counted.
        """
        self._stops += 1
        if self._shift is not None:
            self._shift.stop()

    async def serve(self) -> None:
        """Run until SIGTERM or SIGINT; a second one stops at once."""
        with stopped_by_signals(self.stop):
            await self.run()

    async def run(self) -> None:
        """Run jobs until `stop()`; raises what waiting does not heal, such as missing tables.

        While the database is away it waits, and gives up what it can no longer hold the lease of.
        """
        if shares_connection(self.database):
            raise ConfigurationError(
                "A worker was run in a test whose sessions share one connection. It needs several "
                "of its own: mark the test with @pytest.mark.clone, or use `await worker.drain()`."
            )
        await self._require_tables()
        self._shift = self._new_shift()
        for _ in range(self._stops):
            self._shift.stop()
        self._warn_of_small_pool()
        self.database.outage.say_meanwhile(
            "no jobs begin, those that lose their lease are given up"
        )
        me = self._shift.me
        name = f"{me.host}:{me.pid}"
        log.info("worker started", worker=name, id=str(me.id), queues=list(self.queues))
        await self._shift.work()
        stats = self.stats
        log.info("worker stopped", done=stats.done, dead=stats.dead, given_back=stats.released)

    async def drain(self) -> WorkerStats:
        """Run what is due until nothing is, and return what became of it.

        For tests and scripts; works on the one connection of a rolled back test too, where it runs
        one job after the other. What failed and is to be tried again later stays.
        """
        await self._new_shift().drain()
        return self.stats

    async def _require_tables(self) -> None:
        while self._stops == 0:
            try:
                await require_tables(self.database.engine, needed_by="the worker")
                break
            except UnavailableError as error:
                log.warning("worker waits", error=error.code)
                await asyncio.sleep(1)

    def _warn_of_small_pool(self) -> None:
        limit, wanted = self.database.pool_status().limit, self._options.concurrency
        if 0 < limit < wanted:
            advice = "jobs that wait longer than DATABASE_POOL_TIMEOUT for a connection fail"
            log.warning("pool smaller than concurrency", pool=limit, concurrency=wanted, why=advice)

    def _new_shift(self) -> Shift:
        return Shift(self.database, self.jobs, options=self._options, stats=self.stats)
