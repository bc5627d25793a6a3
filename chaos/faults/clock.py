"""Workers whose clocks are an hour ahead and an hour behind."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

from chaos import checker, sql
from chaos.faults.work_orders import WorkOrders, finish
from chaos.faults.workers import is_there
from chaos.places import PATH, SERVICE
from chaos.shop import open_shop
from chaos.stage import Fault, Stage, Tally

HOUR: Final = 3600
_LIBRARIES: Final = (
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1",
)
_JOBS: Final = 40
_DUE: Final = 3.0


async def run(stage: Stage, runs: int) -> Tally:
    """Give three workers, one of them right, jobs that are due now and jobs that are due soon."""
    tally = Tally()
    async with open_shop(stage, "clock", servers=0) as shop:
        for seconds in (HOUR, -HOUR, 0):
            shop.add_worker("work", **shifted(seconds))
        await asyncio.gather(*(is_there(shop, worker) for worker in shop.workers))
        orders = WorkOrders(shop)
        for _ in range(runs):
            await orders.give({"transactional": _JOBS, "outside": _JOBS}, delay=_DUE)
            tally.runs += 1
        tally.violations += await finish(shop, tally)
        work = await shop.query(sql.WORK)
        tally.violations += checker.check_times(work)
        tally.violations += [
            f"job {row['number']}: attempt {row['attempts']}, although no worker was ever away"
            for row in work
            if row["attempts"] > 1
        ]
        tally.note("shifted by " + ("libfaketime" if library() else "a Python that lies"))
    return tally


def shifted(seconds: int) -> dict[str, str]:
    """Return the variables by which a process has a clock that is wrong by so much."""
    if not seconds:
        return {}
    if found := library():
        return {
            "LD_PRELOAD": found,
            "FAKETIME": f"{seconds:+d}s",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }
    path = f"{SERVICE / 'shifted'}:{PATH}"
    return {"CHAOS_SHIFT": str(seconds), "PYTHONPATH": path}


def library() -> str | None:
    """Return libfaketime, if this machine has it."""
    return next((place for place in _LIBRARIES if Path(place).exists()), None)


FAULT: Final = Fault(
    name="clock",
    what="the clocks of two of three workers wrong by an hour, ahead and behind",
    invariant="no job begins before it is due, none is taken from a worker that lives, none lost",
    full=10,
    quick=1,
    run=run,
    planted=("clock-of-worker",),
)
