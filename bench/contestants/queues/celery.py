"""Celery on Redis, set up for many short tasks as its guide says: no results, many prefetched."""

import asyncio
import sys
import time

import psycopg
from celery import Celery

from bench.contestants.queues import program

app = Celery("bench", broker=program.REDIS)
app.conf.update(
    task_ignore_result=True,
    task_acks_late=True,
    worker_prefetch_multiplier=100,
    worker_redirect_stdouts=False,
    broker_connection_retry_on_startup=True,
)


@app.task(name="noop")
def noop() -> None:
    """Do nothing."""
    program.begin()


@app.task(name="ms")
def ms() -> None:
    """Wait a millisecond."""
    program.begin()
    time.sleep(0.001)


@app.task(name="tick")
def tick(sent: float) -> None:
    """Tell the delay."""
    program.tell(sent)


TASKS = {"noop": noop, "ms": ms}


class OfCelery:
    """The queue of celery/celery; its workers are processes that run one job at a time."""

    async def install(self) -> None:
        """Only the caller's table."""
        with psycopg.connect(program.URL) as connection:
            connection.execute(program.OWN_TABLE)

    async def fill(self, kind: str, number: int) -> None:
        """One by one; it has no batches."""
        for _ in range(number):
            TASKS[kind].delay()

    async def enqueue(self, seconds: float) -> int:
        """After the caller's transaction."""
        count, end = 0, time.monotonic() + seconds
        with psycopg.connect(program.URL) as connection:
            while time.monotonic() < end:
                with connection.transaction():
                    connection.execute(program.OWN_ROW)
                noop.delay()
                count += 1
        return count

    async def tick(self, number: int, pause: float) -> None:
        """One by one."""
        for _ in range(number):
            tick.delay(sent=time.time())
            await asyncio.sleep(pause)

    async def work(self) -> None:
        """Run as `celery worker` is, which has a loop and processes of its own."""


def work(workers: str) -> None:
    """Run the command that its documentation gives."""
    quiet = ("--loglevel=ERROR", "--without-gossip", "--without-mingle", "--without-heartbeat")
    app.worker_main(["worker", "--pool=prefork", f"--concurrency={workers}", *quiet])


if __name__ == "__main__":
    if sys.argv[1] == "work":
        work(sys.argv[2])
    program.run(OfCelery(), sys.argv[1:])
