"""What each queue is asked to do, as a program of its own; the standard library alone.

`install`, `fill KIND NUMBER` (as fast as it can; prints the seconds), `enqueue SECONDS` (a
transaction each, beside a row of the caller's own; prints how many), `tick NUMBER PAUSE` (with the
time in it), and `work WORKERS` (until it is ended; each process prints `ready` when it has begun
its first job, and `tick` jobs print `waited` and the milliseconds).
"""

import asyncio
import os
import sys
import time
from collections.abc import Callable, Sequence
from typing import Protocol

URL = os.environ["DATABASE_URL"]
REDIS = os.environ.get("REDIS_URL", "")
CONCURRENCY = 20
"""Jobs that one worker runs at once, where a worker runs more than one."""
WARM_UP = 0.3
"""Seconds of enqueueing that are not counted: a service is not started for each job."""
BATCH = 1_000
"""Jobs that one statement enqueues, where one statement can."""

OWN_TABLE = "CREATE TABLE effects (id bigint GENERATED ALWAYS AS IDENTITY, at timestamptz)"
OWN_ROW = "INSERT INTO effects (at) VALUES (now())"


class Contestant(Protocol):
    """One queue."""

    async def install(self) -> None:
        """Make its tables, and the caller's."""

    async def fill(self, kind: str, number: int) -> None:
        """Enqueue so many jobs `noop` or `ms`, in the fastest way it has."""

    async def enqueue(self, seconds: float) -> int:
        """Enqueue one after the other, each in a transaction with a row; return how many."""

    async def tick(self, number: int, pause: float) -> None:
        """Enqueue a job `tick` every so often, with the time in it."""

    async def work(self) -> None:
        """Run jobs until the process is ended."""


_begun = False


def begin() -> None:
    """Print once that this process runs jobs."""
    global _begun  # noqa: PLW0603 - one line for each process
    if not _begun:
        _begun = True
        _print("ready")


async def noop() -> None:
    """Do nothing."""
    begin()


async def ms() -> None:
    """Wait a millisecond, as for somebody else."""
    begin()
    await asyncio.sleep(0.001)


def tell(sent: float) -> None:
    """Print how long ago a job was enqueued."""
    _print(f"waited {(time.time() - sent) * 1000:.3f}")


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def sizes(number: int, most: int = BATCH) -> list[int]:
    """Cut a number of jobs into batches."""
    return [min(most, number - start) for start in range(0, number, most)]


Loop = Callable[[], asyncio.AbstractEventLoop]


def run(contestant: Contestant, words: Sequence[str], loop: Loop | None = None) -> None:
    """Do what the command line says, on the kind of loop that the queue's own command takes."""
    with asyncio.Runner(loop_factory=loop) as runner:
        match words:
            case ["install"]:
                runner.run(contestant.install())
            case ["fill", kind, number]:
                began = time.perf_counter()
                runner.run(contestant.fill(kind, int(number)))
                _print(str(time.perf_counter() - began))
            case ["enqueue", seconds]:
                runner.run(contestant.enqueue(WARM_UP))
                _print(str(runner.run(contestant.enqueue(float(seconds)))))
            case ["tick", number, pause]:
                runner.run(contestant.tick(int(number), float(pause)))
            case ["work", _]:
                runner.run(contestant.work())
            case _:
                sys.exit(f"What is {words}?")
