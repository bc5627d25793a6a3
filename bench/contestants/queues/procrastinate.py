"""procrastinate on psycopg, as its quickstart sets it up."""

import asyncio
import sys
import time

import psycopg
from procrastinate import App, PsycopgConnector

from bench.contestants.queues import program

app = App(connector=PsycopgConnector(conninfo=program.URL))


@app.task(name="noop")
async def noop() -> None:
    """Do nothing."""
    await program.noop()


@app.task(name="ms")
async def ms() -> None:
    """Wait a millisecond."""
    await program.ms()


@app.task(name="tick")
async def tick(sent: float) -> None:
    """Tell the delay."""
    program.tell(sent)


TASKS = {"noop": noop, "ms": ms}


class OfProcrastinate:
    """The queue of procrastinate-org/procrastinate."""

    async def install(self) -> None:
        """As `procrastinate schema --apply` does."""
        async with app.open_async():
            await app.schema_manager.apply_schema_async()
            await app.connector.execute_query_async(program.OWN_TABLE)

    async def fill(self, kind: str, number: int) -> None:
        """In batches of a thousand."""
        async with app.open_async():
            for size in program.sizes(number):
                await TASKS[kind].batch_defer_async(*[{} for _ in range(size)])

    async def enqueue(self, seconds: float) -> int:
        """On the caller's connection."""
        count, end = 0, time.monotonic() + seconds
        async with (
            app.open_async(),
            await psycopg.AsyncConnection.connect(program.URL) as connection,
        ):
            while time.monotonic() < end:
                async with connection.transaction():
                    await connection.execute(program.OWN_ROW)
                    await noop.configure(connection=connection).defer_async()
                count += 1
        return count

    async def tick(self, number: int, pause: float) -> None:
        """From its pool."""
        async with app.open_async():
            for _ in range(number):
                await tick.defer_async(sent=time.time())
                await asyncio.sleep(pause)

    async def work(self) -> None:
        """By its worker."""
        async with app.open_async():
            await app.run_worker_async(concurrency=program.CONCURRENCY)


if __name__ == "__main__":
    program.run(OfProcrastinate(), sys.argv[1:])
