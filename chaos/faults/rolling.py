"""A new release: every server and worker is replaced, one after the other, under load."""

from __future__ import annotations

import asyncio
from typing import Final

from chaos import journal
from chaos.faults.receipts import check_receipts
from chaos.faults.work_orders import WorkOrders, finish
from chaos.program import Program, ready
from chaos.shop import Shop, open_shop
from chaos.stage import Fault, Stage, Tally


async def run(stage: Stage, runs: int) -> Tally:
    """Replace two servers and two workers as often; all clients get through, no job is lost."""
    tally = Tally()
    async with open_shop(stage, "rolling", servers=2, workers=2) as shop:
        orders = WorkOrders(shop)
        done = asyncio.Event()
        buying = asyncio.create_task(shop.buyer.shop(done))
        for number in range(runs):
            await orders.give({"transactional": 20, "outside": 20})
            tally.violations += await _replace_one(shop, number % 2)
            tally.runs += 1
        done.set()
        await buying
        tally.violations += await shop.check()
        tally.violations += await finish(shop, tally)
        tally.violations += await check_receipts(shop, tally)
        _note_disturbed(shop, tally)
    return tally


async def _replace_one(shop: Shop, which: int) -> list[str]:
    """End a server and a worker with SIGTERM, and start their successors."""
    server, worker = shop.servers[which], shop.workers[which]
    await asyncio.sleep(0.5)
    wrong = await _end(server)
    server.start()
    await ready(server, shop.urls[which])
    wrong += await _end(worker)
    worker.start()
    return wrong


async def _end(program: Program) -> list[str]:
    status = await program.end()
    return [f"{program.name} ended with status {status}"] if status else []


def _note_disturbed(shop: Shop, tally: Tally) -> None:
    answers = journal.read(shop.path)
    disturbed = sum(not answer.acknowledged for answer in answers)
    tally.note(f"{shop.buyer.bought} orders, {disturbed} requests had to be sent again")


FAULT: Final = Fault(
    name="rolling",
    what="servers and workers replaced one by one (SIGTERM) under load",
    invariant="every client gets through, every process ends with status 0, no job is lost",
    full=20,
    quick=2,
    run=run,
    planted=("no-drain",),
)
