"""The broker of Celery loses everything, again and again, while it is handed jobs."""

from __future__ import annotations

import asyncio
import random
import sys
from typing import Final

from chaos import sql
from chaos.broker import Broker, redis_server
from chaos.errors import ChaosError
from chaos.faults.receipts import check_receipts
from chaos.faults.work_orders import WorkOrders, finish
from chaos.faults.workers import keep_up
from chaos.program import FASTGRES, Program
from chaos.shop import Shop, open_shop
from chaos.stage import Fault, Stage, Tally
from chaos.waiting import until

QUEUES: Final = ("exact", "again", "mail")
RESENT: Final = "4s"
"""After which a job that was sent and that nobody has begun is sent again."""
_BATCH: Final = {"celery_transactional": 40, "celery_outside": 20}
"""Jobs enqueued before each fault: 1,200 in a full run."""
_STAND: Final = 15
"""Messages that the broker has to lose at least."""
_PATIENCE: Final = 60.0
_PROCESSES: Final = "3"


async def run(stage: Stage, runs: int) -> Tally:
    """Wipe a Redis, or kill it, under the jobs it is handed; the relay dies now and then."""
    server = redis_server()
    if server is None:
        return Tally(skipped="no redis-server here, and no wheel with one for this Python")
    tally = Tally()
    async with open_shop(stage, "broker_wiped", servers=0) as shop:
        broker = Broker(shop.name, server, QUEUES)
        try:
            await _run_on(shop, broker, runs=runs, tally=tally)
        finally:
            await broker.close()
    return tally


async def _run_on(shop: Shop, broker: Broker, *, runs: int, tally: Tally) -> None:
    await broker.start()
    shop.more |= {"BROKER_URL": broker.url, "CHAOS_RECEIPTS": "celery", "CHAOS_LASTS": "0.2"}
    shop.add_server()
    relay = shop.add_program("relay", [FASTGRES, "relay", "--resend-after", RESENT])
    shop.workers.append(shop.add_program("celery", _worker()))
    await shop.ready()
    keeping = asyncio.create_task(keep_up(shop.workers[0]))
    orders, done, lost = WorkOrders(shop), asyncio.Event(), 0
    buying = asyncio.create_task(shop.buyer.shop(done, at_once=1))
    for number in range(runs):
        await _not_behind(shop)
        await orders.give(_BATCH)
        lost += await _lose(shop, broker, relay, number=number)
        tally.runs += 1
    done.set()
    await buying
    tally.violations += await finish(shop, tally)
    tally.violations += await shop.check()
    tally.violations += await check_receipts(shop, tally)
    tally.violations += await _check_inbox(shop)
    tally.note(f"{lost} messages lost")
    keeping.cancel()


async def _not_behind(shop: Shop) -> None:
    """Return when little is left to do: what is lost again and again is never done."""

    async def little_left() -> bool:
        return bool((await shop.query(sql.WAITING))[0][0] < _STAND)

    if not shop.stage.planted:
        await until(little_left, patience=_PATIENCE)


async def _lose(shop: Shop, broker: Broker, relay: Program, *, number: int) -> int:
    """Lose what the broker has when it has something; return how many messages that were."""

    async def stands() -> bool:
        return await broker.waiting() >= _STAND

    if not await until(stands, patience=_PATIENCE):
        sent = (await shop.query(sql.SENT))[0][0]
        raise ChaosError(f"The broker was handed nothing ({sent} sent):\n{relay.said()}")
    if number % 3 == 1:
        await broker.repeat()
        await asyncio.sleep(0.5)
    lost = await broker.waiting()
    if number % 4 == 2:  # between what it has published and its own note of that, perhaps
        relay.kill()
        relay.start()
    await (broker.kill() if number % 2 else broker.flush())
    await asyncio.sleep(random.uniform(0, 0.5))  # noqa: S311 - no secret
    return lost


async def _check_inbox(shop: Shop) -> list[str]:
    """Everything that was given is in the inbox: done, and known to be done."""
    given = len(await shop.query(sql.WORK)) + len(await shop.query(sql.ORDERS))
    known = (await shop.query(sql.INBOX))[0][0]
    return [] if known == given else [f"{known} jobs in the inbox, {given} were given"]


def _worker() -> list[str]:
    worker = [sys.executable, "-m", "celery", "-A", "chaos.service.tasks", "worker"]
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "INFO"]
    return [*worker, "--concurrency", _PROCESSES, *quiet]


FAULT: Final = Fault(
    name="broker_wiped",
    what="the broker of Celery (Redis) wiped, or killed without persistence, while jobs are sent "
    "through it, its messages doubled and the relay killed (SIGKILL) in between",
    invariant="every committed job is done, transactional ones once, and is in the inbox; every "
    "order has its letter",
    full=20,
    quick=3,
    run=run,
    planted=("never-sent-again", "done-at-broker-only"),
)
