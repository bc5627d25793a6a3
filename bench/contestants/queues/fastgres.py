"""fastgres: enqueued in the caller's session, run by its worker."""

import asyncio
import sys
import time
from typing import Any

from sqlalchemy import text

from bench.contestants.queues import program
from fastgres.db import Database
from fastgres.jobs import Job, Worker, enqueue_many, job
from fastgres.observability import configure_logging
from fastgres.settings import Settings
from fastgres.tables import LATEST, upgrade


@job()
async def noop() -> None:
    """Do nothing."""
    await program.noop()


@job()
async def ms() -> None:
    """Wait a millisecond."""
    await program.ms()


@job()
async def tick(sent: float) -> None:
    """Tell the delay."""
    program.tell(sent)


FILLING = {"noop": noop, "ms": ms}
JOBS: list[Job[Any]] = [noop, ms, tick]


class Fastgres:
    """The queue of this checkout."""

    def __init__(self) -> None:
        settings = Settings(database_pool_size=program.CONCURRENCY, log_level="ERROR")
        configure_logging(settings)
        self.database = Database(program.URL, settings)

    async def install(self) -> None:
        """As a revision does."""
        async with self.database.engine.begin() as connection:
            await connection.run_sync(upgrade, LATEST)
            await connection.execute(text(program.OWN_TABLE))

    async def fill(self, kind: str, number: int) -> None:
        """In statements of a thousand."""
        for size in program.sizes(number):
            calls = [FILLING[kind].call() for _ in range(size)]
            async with self.database.session() as session, session.begin():
                await enqueue_many(session, calls)

    async def enqueue(self, seconds: float) -> int:
        """In a session each."""
        await self.database.ping()
        count, end = 0, time.monotonic() + seconds
        while time.monotonic() < end:
            async with self.database.session() as session, session.begin():
                await session.execute(text(program.OWN_ROW))
                await noop.enqueue(session)
            count += 1
        return count

    async def tick(self, number: int, pause: float) -> None:
        """In a session each."""
        for _ in range(number):
            async with self.database.session() as session, session.begin():
                await tick.enqueue(session, sent=time.time())
            await asyncio.sleep(pause)

    async def work(self) -> None:
        """By the worker that `fastgres worker` runs."""
        await Worker(self.database, JOBS, concurrency=program.CONCURRENCY).serve()


if __name__ == "__main__":
    program.run(Fastgres(), sys.argv[1:])
