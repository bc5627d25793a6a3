"""Workers are killed, or frozen and revived, in the middle of their jobs."""

from __future__ import annotations

import asyncio
import random
from typing import Final

from chaos import sql
from chaos.errors import ChaosError
from chaos.faults.receipts import check_receipts
from chaos.faults.work_orders import WorkOrders, finish
from chaos.program import Program
from chaos.service.worker import LEASE
from chaos.shop import Shop, open_shop
from chaos.stage import Fault, Stage, Tally
from chaos.waiting import until

WORKERS: Final = 3
_POISON: Final = 3
_START: Final = 30.0
_FROZEN: Final = LEASE + 2.8
"""Seconds that a frozen worker is away at most: its lease ends, and others take its jobs."""
_LONG: Final = "1.5"
"""Seconds that each half of a job takes at most where a bug has to show: attempts meet more often,
on a machine that is busy too."""
_BATCH: Final = {"transactional": 9, "outside": 8}
"""Jobs enqueued before each fault: 5,100 in a full run."""


async def run(stage: Stage, runs: int) -> Tally:
    """Kill and freeze three workers in turn while jobs pass through them."""
    tally = Tally()
    async with open_shop(stage, "workers", servers=1) as shop:
        if stage.planted:
            shop.more["CHAOS_LASTS"] = _LONG
        for _ in range(WORKERS):
            shop.add_worker()
        poisoned = shop.add_worker("poison")
        shop.add_worker()  # left alone, to take over what the others had
        orders = WorkOrders(shop)
        await orders.give({"poison": _POISON})
        keeping = asyncio.create_task(keep_up(poisoned))
        done = asyncio.Event()
        buying = asyncio.create_task(shop.buyer.shop(done, at_once=1))
        times = runs // WORKERS
        troubles = [_trouble(shop, each, orders=orders, times=times) for each in range(WORKERS)]
        tally.runs = sum(await asyncio.gather(*troubles))
        done.set()
        await buying
        tally.violations += await finish(shop, tally)
        tally.violations += await shop.check()
        tally.violations += await check_receipts(shop, tally)
        keeping.cancel()
    return tally


async def _trouble(shop: Shop, which: int, *, orders: WorkOrders, times: int) -> int:
    """Kill a worker, or freeze it for longer than its lease, while it works; have it back."""
    worker = shop.workers[which]
    for number in range(times):
        await is_there(shop, worker)
        await orders.give(_BATCH)
        await asyncio.sleep(random.uniform(0.05, 0.8))  # noqa: S311 - no secret
        if (number + which) % 2:
            worker.freeze()
            await _others_take_over(shop)
            worker.revive()
        else:
            worker.kill()
            worker.start()
    return times


async def _others_take_over(shop: Shop) -> None:
    """Return when others have begun what a frozen worker had, and perhaps still are at it."""

    async def taken() -> bool:
        return bool((await shop.query(sql.TAKEN_OVER))[0][0])

    await until(taken, patience=_FROZEN)
    await asyncio.sleep(random.uniform(0, 0.3))  # noqa: S311 - no secret


async def is_there(shop: Shop, worker: Program) -> None:
    """Return when a worker has reported to the database."""

    async def reported() -> bool:
        return bool((await shop.query(sql.WORKER, worker.process.pid))[0][0])

    if not await until(reported, patience=_START):
        raise ChaosError(f"{worker.name} did not start:\n{worker.said()}")


async def keep_up(worker: Program) -> None:
    """Start a worker again that has ended, as whoever looks after processes does."""
    while True:
        if not worker.runs:
            worker.start()
        await asyncio.sleep(0.2)


FAULTS: Final = (
    Fault(
        name="workers",
        what="workers killed, or frozen beyond their lease and revived, in the middle of jobs",
        invariant="no job lost; transactional ones happen once; only the newest attempt ends a "
        "job; one that kills its worker ends among the dead letters; every order has its letter",
        full=300,
        quick=30,
        run=run,
        planted=("no-fence", "effect-outside", "no-rescue", "uncounted-attempts"),
    ),
)
