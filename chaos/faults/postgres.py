"""PostgreSQL is killed, frozen, cut off, and loses its backends."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

import asyncpg

from chaos import sql
from chaos.faults.receipts import check_receipts
from chaos.shop import Shop, open_shop
from chaos.stage import Fault, Stage, Tally

RECOVERY: Final = 5.0
"""Seconds after which orders are placed again, once PostgreSQL answers."""
STORM: Final = 50
"""Backends ended each second."""


async def kill(stage: Stage, runs: int) -> Tally:
    """Kill the postmaster under load; it is restarted, recovers, and orders go on."""
    tally = Tally()
    async with _under_load(stage, "postgres_killed", tally) as shop:
        for _ in range(runs):
            await asyncio.sleep(random.uniform(0.5, 1.5))  # noqa: S311 - no secret
            stage.postgres.kill()
            await stage.postgres.wait(shop.name)
            await _recover(shop, tally)
    return tally


async def freeze(stage: Stage, runs: int) -> Tally:
    """Stop all processes of PostgreSQL for 5 and 30 seconds (quick: 5 only)."""
    tally = Tally()
    async with _under_load(stage, "postgres_frozen", tally) as shop:
        for number in range(runs):
            await asyncio.sleep(1)
            frozen = stage.postgres.freeze()
            try:
                await asyncio.sleep(30 if number % 2 or stage.planted else 5)
            finally:
                stage.postgres.thaw(frozen)
            await _recover(shop, tally)
    return tally


async def network(stage: Stage, runs: int) -> Tally:
    """Freeze the way to PostgreSQL (packets are acknowledged), reset it, refuse and delay it."""
    tally = Tally()
    troubles: list[Callable[[Shop], Awaitable[None]]] = [_frozen_way, _reset, _refused, _delayed]
    async with _under_load(stage, "network", tally) as shop:
        for number in range(runs):
            await asyncio.sleep(0.5)
            await troubles[number % len(troubles)](shop)
            await _recover(shop, tally)
    return tally


async def terminate(stage: Stage, runs: int) -> Tally:
    """End the service's backends, 50 a second, whatever they are doing."""
    tally = Tally()
    async with _under_load(stage, "backends", tally) as shop:
        connection = await asyncpg.connect(stage.postgres.cluster.url(shop.name))
        try:
            for _ in range(runs):
                await connection.execute(sql.TERMINATE_ONE)
                tally.runs += 1
                await asyncio.sleep(1 / STORM)
        finally:
            await connection.close()
        tally.runs -= 1  # the recovery below counts as one
        await _recover(shop, tally)
    return tally


@asynccontextmanager
async def _under_load(stage: Stage, name: str, tally: Tally) -> AsyncIterator[Shop]:
    """Buy meanwhile, and check afterwards that all that was promised is there."""
    async with open_shop(stage, name, workers=1) as shop:
        done = asyncio.Event()
        buying = asyncio.create_task(shop.buyer.shop(done, at_once=6))
        try:
            yield shop
        finally:
            done.set()
            with contextlib.suppress(asyncio.CancelledError):
                await buying
        tally.violations += await shop.check()
        tally.violations += await shop.check_pool()
        tally.violations += await check_receipts(shop, tally)
        tally.note(f"{shop.buyer.bought} orders")


async def _recover(shop: Shop, tally: Tally) -> None:
    seconds = await shop.recovery()
    tally.runs += 1
    tally.slowest(seconds)
    if seconds > RECOVERY:
        tally.violations.append(f"recovered after {seconds:.1f} s, more than {RECOVERY:g} s")


async def _frozen_way(shop: Shop) -> None:
    shop.proxy.freeze()
    await asyncio.sleep(8)
    shop.proxy.thaw()


async def _reset(shop: Shop) -> None:
    for _ in range(10):
        shop.proxy.reset()
        await asyncio.sleep(0.1)


async def _refused(shop: Shop) -> None:
    await shop.proxy.refuse()
    shop.proxy.reset()
    await asyncio.sleep(3)
    await shop.proxy.accept()


async def _delayed(shop: Shop) -> None:
    shop.proxy.delay = 0.2
    await asyncio.sleep(4)
    shop.proxy.delay = 0.0


_INVARIANT: Final = "only 503 meanwhile, no answer after 15 s, pool back, orders again within 5 s"

FAULTS: Final = (
    Fault(
        name="postgres_killed",
        what="PostgreSQL killed (SIGKILL) and restarted under load",
        invariant=_INVARIANT,
        full=20,
        quick=2,
        run=kill,
        planted=("errors-unnamed",),
    ),
    Fault(
        name="postgres_frozen",
        what="PostgreSQL frozen (SIGSTOP) for 5 and 30 s in turn",
        invariant=_INVARIANT,
        full=4,
        quick=1,
        run=freeze,
        planted=("no-deadlines",),
    ),
    Fault(
        name="network",
        what="the way to PostgreSQL frozen, reset, refused, delayed by 200 ms in turn",
        invariant=_INVARIANT,
        full=20,
        quick=4,
        run=network,
        planted=("errors-unnamed",),
    ),
    Fault(
        name="backends_terminated",
        what=f"backends terminated, {STORM} a second",
        invariant=_INVARIANT,
        full=1000,
        quick=100,
        run=terminate,
        planted=("errors-unnamed",),
    ),
)
