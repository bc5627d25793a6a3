"""The same order many times at once."""

from __future__ import annotations

import asyncio
from typing import Final
from uuid import uuid4

from chaos.faults.receipts import check_receipts
from chaos.shop import Shop, open_shop
from chaos.stage import Fault, Stage, Tally

AT_ONCE: Final = 50


async def run(stage: Stage, runs: int) -> Tally:
    """Send 50 requests of one key to two servers at once, then one more."""
    tally = Tally()
    async with open_shop(stage, "twins", servers=2) as shop:
        statuses: dict[int, int] = {}
        for _ in range(runs):
            tally.violations += await _round(shop, statuses)
            tally.runs += 1
        tally.violations += await shop.check()
        tally.violations += await check_receipts(shop, tally)
        tally.note(", ".join(f"{number} x {status}" for status, number in sorted(statuses.items())))
    return tally


async def _round(shop: Shop, statuses: dict[int, int]) -> list[str]:
    key = str(uuid4())
    answers = await asyncio.gather(*(shop.buyer.ask(key, each % 2) for each in range(AT_ONCE)))
    for answer in answers:
        statuses[answer.status] = statuses.get(answer.status, 0) + 1
    last = await shop.buyer.buy(key)
    wrong = [] if last else [f"{key}: not settled by one request more"]
    return wrong + [
        f"{key}: a twin was answered {answer.status} {answer.detail}"
        for answer in answers
        if answer.status not in {201, 409}
    ]


FAULT: Final = Fault(
    name="twins",
    what=f"{AT_ONCE} requests of one key at once",
    invariant="one order; the others are told 409 or the same bytes",
    full=100,
    quick=10,
    run=run,
    planted=("no-key-lock",),
)
