"""PgQueuer on asyncpg, as its README sets it up; on uvloop, as its `pgq run` is."""

import asyncio
import sys
import time

import asyncpg
import uvloop
from pgqueuer import PgQueuer
from pgqueuer.db import AsyncpgDriver
from pgqueuer.models import Job
from pgqueuer.queries import Queries

from bench.contestants.queues import program


class OfPgQueuer:
    """The queue of janbjorge/pgqueuer."""

    async def install(self) -> None:
        """As `pgq install` does."""
        connection = await asyncpg.connect(program.URL)
        await Queries(AsyncpgDriver(connection)).install()
        await connection.execute(program.OWN_TABLE)
        await connection.close()

    async def fill(self, kind: str, number: int) -> None:
        """In statements of a thousand."""
        connection = await asyncpg.connect(program.URL)
        queries = Queries(AsyncpgDriver(connection))
        for size in program.sizes(number):
            await queries.enqueue([kind] * size, [None] * size, [0] * size)
        await connection.close()

    async def enqueue(self, seconds: float) -> int:
        """On the caller's connection."""
        connection = await asyncpg.connect(program.URL)
        queries = Queries(AsyncpgDriver(connection))
        count, end = 0, time.monotonic() + seconds
        while time.monotonic() < end:
            async with connection.transaction():
                await connection.execute(program.OWN_ROW)
                await queries.enqueue("noop", None)
            count += 1
        await connection.close()
        return count

    async def tick(self, number: int, pause: float) -> None:
        """On one connection."""
        connection = await asyncpg.connect(program.URL)
        queries = Queries(AsyncpgDriver(connection))
        for _ in range(number):
            await queries.enqueue("tick", str(time.time()).encode())
            await asyncio.sleep(pause)
        await connection.close()

    async def work(self) -> None:
        """By its manager."""
        connection = await asyncpg.connect(program.URL)
        queuer = PgQueuer(AsyncpgDriver(connection))

        @queuer.entrypoint("noop")
        async def noop(job: Job) -> None:
            await program.noop()

        @queuer.entrypoint("ms")
        async def ms(job: Job) -> None:
            await program.ms()

        @queuer.entrypoint("tick")
        async def tick(job: Job) -> None:
            program.tell(float(job.payload or b"0"))

        await queuer.run(batch_size=program.CONCURRENCY)


if __name__ == "__main__":
    program.run(OfPgQueuer(), sys.argv[1:], uvloop.new_event_loop)
