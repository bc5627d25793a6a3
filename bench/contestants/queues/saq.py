"""SAQ as its documentation sets it up, on PostgreSQL; it enqueues after the caller's COMMIT."""

import asyncio
import sys
import time
from typing import Any

import psycopg
from saq import Queue, Worker

from bench.contestants.queues import program


async def noop(context: dict[str, Any]) -> None:
    """Do nothing."""
    await program.noop()


async def ms(context: dict[str, Any]) -> None:
    """Wait a millisecond."""
    await program.ms()


async def tick(context: dict[str, Any], *, sent: float) -> None:
    """Tell the delay."""
    program.tell(sent)


class OfSaq:
    """The queue of tobymao/saq, in the store that a URL names."""

    def __init__(self, url: str) -> None:
        self.url = url

    async def install(self) -> None:
        """As connecting does."""
        queue = Queue.from_url(self.url)
        await queue.connect()
        await queue.disconnect()
        async with await psycopg.AsyncConnection.connect(program.URL) as connection:
            await connection.execute(program.OWN_TABLE)

    async def fill(self, kind: str, number: int) -> None:
        """By twenty at once; it has no batches."""
        queue = Queue.from_url(self.url)
        await queue.connect()
        for size in program.sizes(number, program.CONCURRENCY):
            await asyncio.gather(*(queue.enqueue(kind) for _ in range(size)))
        await queue.disconnect()

    async def enqueue(self, seconds: float) -> int:
        """After the caller's transaction."""
        queue = Queue.from_url(self.url)
        await queue.connect()
        count, end = 0, time.monotonic() + seconds
        async with await psycopg.AsyncConnection.connect(program.URL) as connection:
            while time.monotonic() < end:
                async with connection.transaction():
                    await connection.execute(program.OWN_ROW)
                await queue.enqueue("noop")
                count += 1
        await queue.disconnect()
        return count

    async def tick(self, number: int, pause: float) -> None:
        """From its pool."""
        queue = Queue.from_url(self.url)
        await queue.connect()
        for _ in range(number):
            await queue.enqueue("tick", sent=time.time())
            await asyncio.sleep(pause)
        await queue.disconnect()

    async def work(self) -> None:
        """By its worker."""
        queue = Queue.from_url(self.url)
        worker = Worker(queue, functions=[noop, ms, tick], concurrency=program.CONCURRENCY)
        await queue.connect()
        await worker.start()


if __name__ == "__main__":
    program.run(OfSaq(program.URL), sys.argv[1:])
