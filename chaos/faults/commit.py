"""COMMIT is sent, and either it or its answer is lost on the way."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Final
from uuid import uuid4

from chaos import sql
from chaos.faults.receipts import check_receipts
from chaos.proxy import Loss
from chaos.shop import Shop, open_shop
from chaos.stage import Fault, Stage, Tally


async def run(stage: Stage, runs: int, *, loss: Loss) -> Tally:
    """Lose one COMMIT an order; the client sends the order again until it is told."""
    tally = Tally()
    async with open_shop(stage, f"commit_{loss.value}") as shop:
        for _ in range(runs):
            tally.violations += await _lose_one(shop, loss)
            tally.runs += 1
        tally.violations += await shop.check()
        tally.violations += await shop.check_pool()
        tally.violations += await check_receipts(shop, tally)
    return tally


async def _lose_one(shop: Shop, loss: Loss) -> list[str]:
    """Place one order over a COMMIT that is lost; tell when it was not lost at all."""
    before = len(await shop.query(sql.ORDERS))
    lost = shop.proxy.lose_next(loss)
    key = str(uuid4())
    first = await shop.buyer.ask(key)
    try:
        async with asyncio.timeout(1):
            await lost
    except TimeoutError:
        return [f"{key}: no COMMIT came by, so nothing was tried; answered {first.status}"]
    between = len(await shop.query(sql.ORDERS)) - before
    await shop.buyer.buy(key)
    wrong = [f"{key}: acknowledged although its COMMIT was lost"] if first.acknowledged else []
    expected = 1 if loss is Loss.REPLY else 0
    if between != expected:
        wrong.append(f"{key}: {between} orders after the loss, not {expected}")
    return wrong


FAULTS: Final = (
    Fault(
        name="commit_reply_lost",
        what="COMMIT sent and executed, its reply lost",
        invariant="the retry settles it: exactly one order, and the first answer was no 2xx",
        full=200,
        quick=20,
        run=partial(run, loss=Loss.REPLY),
        planted=("key-ignored", "key-beside", "reply-before-commit"),
    ),
    Fault(
        name="commit_lost",
        what="COMMIT sent and lost before the server",
        invariant="the retry settles it: exactly one order, and the first answer was no 2xx",
        full=200,
        quick=20,
        run=partial(run, loss=Loss.COMMIT),
        planted=("reply-before-commit",),
    ),
)
