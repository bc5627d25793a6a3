"""The API is killed at random moments."""

from __future__ import annotations

import asyncio
import random
from typing import Final

from chaos.faults.receipts import check_receipts
from chaos.program import ready
from chaos.shop import Shop, open_shop
from chaos.stage import Fault, Stage, Tally


async def run(stage: Stage, runs: int) -> Tally:
    """Kill one of two servers under load, again and again, while the other goes on."""
    tally = Tally()
    async with open_shop(stage, "api_killed", servers=2, workers=1) as shop:
        done = asyncio.Event()
        buying = asyncio.create_task(shop.buyer.shop(done))
        for number in range(runs):
            await _kill_one(shop, number % 2)
            tally.runs += 1
        done.set()
        await buying
        tally.violations += await shop.check()
        tally.violations += await check_receipts(shop, tally)
        tally.note(f"{shop.buyer.bought} orders")
    return tally


async def _kill_one(shop: Shop, which: int) -> None:
    """Kill while it works, and have it back before the next one."""
    await asyncio.sleep(random.uniform(0.05, 0.5))  # noqa: S311 - no secret
    server = shop.servers[which]
    server.kill()
    server.start()
    await ready(server, shop.urls[which])


FAULT: Final = Fault(
    name="api_killed",
    what="API killed (SIGKILL) at random moments, clients retrying with their key",
    invariant="every acknowledged order exists once, no key has two, stock adds up, a receipt each",
    full=200,
    quick=20,
    run=run,
    planted=("reply-before-commit", "key-ignored", "no-stock-lock"),
)
