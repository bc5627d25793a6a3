"""Measuring one queue in a database of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from statistics import median
from time import monotonic
from typing import Final

import asyncpg

from bench.errors import BenchError
from bench.jobs import sql, stores
from bench.jobs.figures import Cell, Figures, Held
from bench.jobs.plan import KINDS, PAUSE, WORKERS, Plan
from bench.jobs.processes import Programs, Workers
from bench.jobs.roster import Contestant

_PATIENCE: Final = 90.0
_FIRST: Final = 5
"""Jobs whose delay is not counted: whoever enqueues them connects first."""

_LAST: Final = 3
"""Fillings whose median stands for before, and for after, an old transaction."""

_FEWEST, _MOST = 400, 20_000
_GUESS: Final = 500.0
"""Jobs a second of a queue that was not measured yet; the first figure is thrown away."""


class Bench:
    """One queue, its programs, and a look at its store."""

    def __init__(self, contestant: Contestant, plan: Plan, *, url: str, redis_url: str) -> None:
        self.contestant = contestant
        self.figures = Figures()
        self._plan = plan
        self._url = url
        self._redis_url = redis_url
        self._programs = Programs(contestant, url, redis_url)
        self._rates: dict[Cell, float] = {}

    async def install(self) -> None:
        """Make its tables."""
        await self._programs.run("install")

    async def measure(self) -> None:
        """Go one round."""
        found = self.figures
        number = int(await self._programs.run("enqueue", str(self._plan.enqueue)))
        found.enqueued.append(number / self._plan.enqueue)
        for workers in WORKERS:
            async with self._working(workers) as (store, running):
                for kind in KINDS:
                    rate = await self._ended((kind, workers), store, running)
                    found.ended.setdefault((kind, workers), []).append(rate)
                if workers == 1:
                    found.delays += await self._delays(running)

    async def measure_held(self, seconds: float) -> None:
        """Let one worker work while a transaction idles that sees what was there before."""
        async with self._working(1) as (store, running):
            before = [await self._ended(("noop", 1), store, running) for _ in range(_LAST)]
            holder = await asyncpg.connect(self._url)
            try:
                async with holder.transaction(isolation="repeatable_read"):
                    await holder.fetchval(sql.LOOK)
                    after: list[float] = []
                    end = monotonic() + seconds
                    while monotonic() < end or len(after) < _LAST:
                        after.append(await self._ended(("noop", 1), store, running))
            finally:
                holder.terminate()
        self.figures.held = Held(seconds, median(before), median(after[-_LAST:]))

    @asynccontextmanager
    async def _working(self, number: int) -> AsyncIterator[tuple[stores.Store, Workers]]:
        """Run workers that have begun jobs, each of them, and have nothing left to do."""
        async with (
            stores.opened(self.contestant, self._url, self._redis_url) as store,
            self._programs.workers(number) as running,
        ):
            deadline = monotonic() + _PATIENCE
            while await self._empty(store) and not running.are_ready:
                if monotonic() > deadline:
                    raise BenchError(f"Workers of {self.contestant.title} do not begin.")
                await self._fill("ms", 100 * number)
            yield store, running

    async def _empty(self, store: stores.Store) -> bool:
        """Wait until nothing is left."""
        await self._drained(store, await store.left())
        return True

    async def _ended(self, cell: Cell, store: stores.Store, running: Workers) -> float:
        """Fill the queue while workers are held, release them, and time them to the last job."""
        kind = cell[0]
        expected = self._rates.get(cell, _GUESS) * self._plan.seconds
        number = int(min(max(expected, _FEWEST), _MOST))
        await store.mark()
        running.hold()
        try:
            filled = await self._fill(kind, number)
        finally:
            running.release()
        rate = await self._drained(store, number)
        is_known, self._rates[cell] = cell in self._rates, rate
        if not is_known:
            return await self._ended(cell, store, running)
        self.figures.filled.append(filled)
        return rate

    async def _fill(self, kind: str, number: int) -> float:
        """Return how many a second were enqueued."""
        return number / float(await self._programs.run("fill", kind, str(number)))

    async def _drained(self, store: stores.Store, number: int) -> float:
        """Return the rate at which jobs end; looks often only when it is nearly over."""
        began, pause, left = monotonic(), 0.02, number
        while left and monotonic() < began + _PATIENCE:
            await asyncio.sleep(pause)
            left = await store.left()
            took = monotonic() - began
            pause = min(max(took * left / max(number - left, 1) / 2, 0.02), 0.5)
        if left:
            raise BenchError(f"{self.contestant.title} does not finish: {left} jobs are left.")
        return number / (monotonic() - began)

    async def _delays(self, running: Workers) -> list[float]:
        number = _FIRST + self._plan.ticks
        await self._programs.run("tick", str(number), str(PAUSE))
        return (await running.delays(number))[_FIRST:]
