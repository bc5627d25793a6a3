"""Measuring one queue in a database of its own."""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from time import monotonic
from typing import IO, Any, Final

import asyncpg

from bench.errors import BenchError
from bench.jobs.plan import Plan
from bench.jobs.roster import Contestant
from bench.places import LOGS, ROOT

WORKERS: Final = (1, 4)
KINDS: Final = ("noop", "ms")
PAUSE: Final = 0.05
"""Seconds between two jobs whose delay is measured: the worker is at rest in between."""

_LOOK: Final = 0.02
_PATIENCE: Final = 120.0
_KEPT: Final = ("PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH")


@dataclass(frozen=True, slots=True)
class Delays:
    """Milliseconds from enqueueing to the first line of the job, workers at rest."""

    p50: float
    p95: float
    p99: float


@dataclass(slots=True)
class Figures:
    """What one queue did: jobs a second, by kind and workers; and its delays."""

    enqueued: float
    ended: dict[str, float]
    delays: Delays
    held: float | None = None

    def plain(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)


class Bench:
    """One queue, its programs, and a look at its table."""

    def __init__(self, contestant: Contestant, url: str, plan: Plan) -> None:
        self._contestant = contestant
        self._plan = plan
        self._url = url
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        self._environment: Mapping[str, str] = {
            **kept,
            "DATABASE_URL": url,
            "LOG_LEVEL": "ERROR",
        }

    def measure(self) -> Figures:
        """Measure everything; takes minutes."""
        self._run("install")
        enqueued = int(self._run("enqueue", str(self._plan.enqueue))) / self._plan.enqueue
        with self._working(1):
            asyncio.run(self._drained())
        ended = {
            f"{kind}, {workers}": self._median(kind, workers)
            for kind in KINDS
            for workers in WORKERS
        }
        delays = self._delays()
        held = asyncio.run(self._held()) if self._plan.held else None
        return Figures(enqueued, ended, delays, held)

    def _median(self, kind: str, workers: int) -> float:
        return statistics.median(self._ended(kind, workers) for _ in range(self._plan.rounds))

    def _ended(self, kind: str, workers: int) -> float:
        """Fill the queue, start workers, and time it from the first job that is gone."""
        self._run("fill", kind, str(self._plan.jobs))
        with self._working(workers):
            return asyncio.run(self._drained())

    async def _drained(self) -> float:
        connection = await asyncpg.connect(self._url)
        try:
            return await self._rate(connection, self._contestant.remaining)
        finally:
            await connection.close()

    async def _rate(self, connection: asyncpg.Connection, remaining: str) -> float:
        whole: int = await connection.fetchval(remaining)
        deadline = monotonic() + _PATIENCE
        left, began = whole, monotonic()
        while left == whole:
            began = monotonic()
            left = await self._left(connection, remaining, deadline)
        first = left
        while left:
            left = await self._left(connection, remaining, deadline)
        return first / (monotonic() - began) if first else float(whole)

    async def _left(self, connection: asyncpg.Connection, remaining: str, deadline: float) -> int:
        if monotonic() > deadline:
            message = f"{self._contestant.title} does not finish; its log is in {LOGS}."
            raise BenchError(message)
        await asyncio.sleep(_LOOK)
        left: int = await connection.fetchval(remaining)
        return left

    def _delays(self) -> Delays:
        with self._working(1) as (worker,):
            out = worker.stdout
            self._run("tick", "5", str(PAUSE))
            told = _lines(out, 5)
            self._run("tick", str(self._plan.ticks), str(PAUSE))
            told = sorted(_lines(out, self._plan.ticks))
        cuts = statistics.quantiles(told, n=100, method="inclusive")
        return Delays(p50=cuts[49], p95=cuts[94], p99=cuts[98])

    async def _held(self) -> float:
        """Return the rate of the last round while a transaction idles, one worker, no-op jobs."""
        holder = await asyncpg.connect(self._url)
        try:
            async with holder.transaction(isolation="repeatable_read"):
                await holder.fetchval("SELECT count(*) FROM effects")
                end, rate = monotonic() + self._plan.held, 0.0
                while monotonic() < end:
                    rate = await asyncio.to_thread(self._ended, "noop", 1)
                return rate
        finally:
            await holder.close()

    def _run(self, *words: str) -> str:
        done = subprocess.run(  # noqa: S603 - commands of our own roster
            [*self._contestant.command, *words],
            cwd=ROOT,
            env=self._environment,
            check=False,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            message = f"{self._contestant.title} failed to {words[0]}:\n{done.stderr.strip()}"
            raise BenchError(message)
        return done.stdout

    @contextmanager
    def _working(self, number: int) -> Iterator[list[subprocess.Popen[str]]]:
        LOGS.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            log = stack.enter_context((LOGS / f"{self._contestant.name}-worker.log").open("a"))
            workers = [self._start(log) for _ in range(number)]
            try:
                yield workers
            finally:
                for worker in workers:
                    worker.kill()
                for worker in workers:
                    worker.communicate()

    def _start(self, log: IO[str]) -> subprocess.Popen[str]:
        return subprocess.Popen(  # noqa: S603 - commands of our own roster
            [*self._contestant.command, "work"],
            cwd=ROOT,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )


def _lines(out: IO[str] | None, number: int) -> list[float]:
    return [float(out.readline()) for _ in range(number)] if out is not None else []
