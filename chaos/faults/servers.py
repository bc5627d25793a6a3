"""The processes of the API are killed at random moments."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections.abc import Sequence
from typing import Final, Protocol

from chaos import journal
from chaos.buyer import TIMEOUT
from chaos.errors import ChaosError
from chaos.faults.receipts import check_receipts
from chaos.journal import Answer
from chaos.processes import children_of, sockets_of
from chaos.shop import DEADLINE, Shop, open_shop
from chaos.stage import Fault, Stage, Tally
from chaos.waiting import until

PROCESSES: Final = 2
"""Of a server as in production."""
FORKED: Final = 4
"""Of a server whose processes start at once."""
AT_ONCE: Final = 6
"""Clients that go on side by side."""
_WORKING: Final = 5
"""Sockets of a process that serves: the listener, its loop's two, a client's and its database's."""
_PATIENCE: Final = 60.0


PATIENT: Final = TIMEOUT + DEADLINE
"""Seconds an answer may take here: while every process is being started, requests wait for one."""


class Load(Protocol):
    """What clients do until told to stop."""

    async def __call__(self, until: asyncio.Event, *, at_once: int) -> None:
        """Go on until told to stop, so many side by side."""


async def run(stage: Stage, runs: int) -> Tally:
    """Kill the processes of two servers under load, again and again."""
    tally = Tally()
    async with open_shop(stage, "api_killed", servers=0, workers=1) as shop:
        await open_servers(shop)
        await kill_under_load(shop, shop.buyer.shop, runs=runs, tally=tally)
        tally.violations += await shop.check(deadline=PATIENT)
        tally.violations += await check_receipts(shop, tally)
        tally.note(f"{shop.buyer.bought} orders")
        note_late(journal.read(shop.path), tally)
    return tally


def note_late(answers: Sequence[Answer], tally: Tally) -> None:
    """Say how many answers came later than elsewhere they may."""
    if late := sum(answer.seconds > DEADLINE for answer in answers):
        tally.note(f"{late} answers later than {DEADLINE:g} s, while processes were being started")


async def open_servers(shop: Shop) -> None:
    """Start what is to be killed."""
    shop.add_server(PROCESSES)
    shop.add_server(FORKED, forked=True)
    await shop.ready()


async def kill_under_load(shop: Shop, load: Load, *, runs: int, tally: Tally) -> None:
    """Kill one process after the other while clients go on."""
    done = asyncio.Event()
    buying = asyncio.create_task(load(done, at_once=AT_ONCE))
    for _ in range(runs):
        await asyncio.sleep(random.uniform(0.05, 0.5))  # noqa: S311 - no secret
        await _kill_one(shop)
        tally.runs += 1
    done.set()
    await buying


async def _kill_one(shop: Shop) -> None:
    """Kill a process at work while another one is; its supervisor starts a third."""

    async def killed() -> bool:
        processes = [pid for server in shop.servers for pid in children_of(server.process.pid)]
        at_work = [pid for pid in processes if sockets_of(pid) >= _WORKING]
        others_go_on = len(at_work) > 1
        if others_go_on:
            os.kill(random.choice(at_work), signal.SIGKILL)  # noqa: S311 - no secret
        return others_go_on

    if not await until(killed, patience=_PATIENCE):
        raise ChaosError(f"No process of the API came back:\n{shop.servers[0].said()}")


FAULT: Final = Fault(
    name="api_killed",
    what="processes of the API killed (SIGKILL) at work, clients retrying with their key",
    invariant="every acknowledged order exists once, no key has two, stock adds up, a receipt each",
    full=200,
    quick=20,
    run=run,
    planted=("reply-before-commit", "key-ignored", "no-stock-lock"),
)
