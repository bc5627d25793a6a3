"""What runs async jobs inside a process of Celery: a loop in a thread, a database of its own."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

from fastgres.jobs import Deliveries
from fastgres.observability import get_logger

if TYPE_CHECKING:
    from fastgres.db import Database
    from fastgres.jobs import Delivered, Job

log = get_logger(__name__)

_CLOSING: Final = 10.0
"""Seconds for giving back what runs and closing the database."""


class Workplaces:
    """One workplace for each process; a process that was forked makes its own."""

    def __init__(
        self, make_database: Callable[[], Database], jobs: Iterable[Job[Any]], lease: float
    ) -> None:
        self._make_database = make_database
        self._jobs = list(jobs)
        self._lease = lease
        self._opened: dict[int, _Workplace] = {}
        self._turn = threading.Lock()

    def run(self, job_id: int) -> Delivered:
        """Run the job of a message on the loop of this process, and wait for its end."""
        work = asyncio.run_coroutine_threadsafe(self._here().deliver(job_id), self._here().loop)
        try:
            return work.result()
        except BaseException:
            work.cancel()
            raise

    def close(self, **_: Any) -> None:
        """Close that of this process, if there is one."""
        workplace = self._opened.pop(os.getpid(), None)
        if workplace is not None:
            workplace.close()

    def _here(self) -> _Workplace:
        pid = os.getpid()
        if pid not in self._opened:
            with self._turn:
                if pid not in self._opened:
                    self._opened[pid] = _Workplace(self._make_database, self._jobs, self._lease)
        return self._opened[pid]


class _Workplace:
    """The loop, the database and the deliveries; opened by the first message."""

    def __init__(
        self, make_database: Callable[[], Database], jobs: list[Job[Any]], lease: float
    ) -> None:
        self.loop = asyncio.new_event_loop()
        self._make_database = make_database
        self._jobs = jobs
        self._lease = lease
        self._database: Database | None = None
        self._deliveries: Deliveries | None = None
        self._opening = asyncio.Lock()
        self._thread = threading.Thread(
            target=self.loop.run_forever, name="fastgres-jobs", daemon=True
        )
        self._thread.start()

    async def deliver(self, job_id: int) -> Delivered:
        """Run one job."""
        async with self._opening:
            if self._deliveries is None:
                self._deliveries = await self._open()
        return await self._deliveries.deliver(job_id)

    async def _open(self) -> Deliveries:
        if self._database is None:
            self._database = self._make_database()
        deliveries = Deliveries(self._database, self._jobs, target="celery", lease=self._lease)
        return await deliveries.__aenter__()

    async def _leave(self) -> None:
        if self._deliveries is not None:
            await self._deliveries.__aexit__(None, None, None)
        if self._database is not None:
            await self._database.close()

    def close(self) -> None:
        """Give back what runs, and end the thread."""
        try:
            asyncio.run_coroutine_threadsafe(self._leave(), self.loop).result(_CLOSING)
        except Exception:
            log.exception("jobs not closed")
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(1.0)
        if not self._thread.is_alive():
            self.loop.close()
