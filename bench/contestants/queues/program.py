"""What each queue is asked to do, as a program of its own; the standard library alone.

`install`, `fill KIND NUMBER` (as fast as it can), `enqueue SECONDS` (a transaction each, beside a
row of the caller's own; prints how many), `tick NUMBER PAUSE` (with the time in it), and `work`
(until it is ended; `tick` jobs print the milliseconds they have waited).
"""

import asyncio
import os
import sys
import time
from collections.abc import Sequence
from typing import Protocol

URL = os.environ["DATABASE_URL"]
CONCURRENCY = 20
"""Jobs that one worker runs at once, whichever queue it is of."""

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


async def noop() -> None:
    """Do nothing."""


async def ms() -> None:
    """Wait a millisecond, as for somebody else."""
    await asyncio.sleep(0.001)


def tell(sent: float) -> None:
    """Print how long ago a job was enqueued."""
    sys.stdout.write(f"{(time.time() - sent) * 1000:.3f}\n")
    sys.stdout.flush()


def run(contestant: Contestant, words: Sequence[str]) -> None:
    """Do what the command line says."""
    match words:
        case ["install"]:
            asyncio.run(contestant.install())
        case ["fill", kind, number]:
            asyncio.run(contestant.fill(kind, int(number)))
        case ["enqueue", seconds]:
            sys.stdout.write(f"{asyncio.run(contestant.enqueue(float(seconds)))}\n")
        case ["tick", number, pause]:
            asyncio.run(contestant.tick(int(number), float(pause)))
        case ["work"]:
            asyncio.run(contestant.work())
        case _:
            sys.exit(f"What is {words}?")
