"""Orders are paid while the service dies, COMMITs are lost, and the provider has bad days."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from chaos import checker, journal, sql
from chaos.faults.receipts import check_receipts, jobs_left
from chaos.faults.servers import PATIENT, kill_under_load, note_late, open_servers
from chaos.journal import Journal
from chaos.payer import Payer, Provider, key_with_money
from chaos.places import LOGS
from chaos.proxy import Loss
from chaos.service.arranging import LOCK
from chaos.shop import DEADLINE, WORKER_QUEUES, Shop, open_shop
from chaos.stage import Fault, Stage, Tally
from chaos.waiting import until
from shop.development import payment_provider
from shop.jobs.payments import finish_payments

_COMMITS: Final = 4
"""Transactions of a payment: begun, order kept, charge written down, paid with the answer."""
_LEFT: Final = 3
"""Payments at least that nobody comes back for, beside those that the kills have left."""
_ROUNDS: Final = 20
_PATIENCE: Final = 30.0


async def kill(stage: Stage, runs: int) -> Tally:
    """Kill processes of the API at random moments while orders are placed and paid."""
    tally = Tally()
    async with _open(stage, "payments_killed") as (shop, payer):
        await open_servers(shop)
        await kill_under_load(shop, payer.shop, runs=runs, tally=tally)
        await _settle(shop, payer, tally, deadline=PATIENT)
    return tally


async def lose_commits(stage: Stage, runs: int) -> Tally:
    """Lose each of the COMMITs of a payment in turn, or its reply; the client asks again."""
    tally = Tally()
    async with _open(stage, "payments_lost") as (shop, payer):
        shop.add_server()
        await shop.ready()
        for number in range(runs):
            tally.violations += await _lose_one(shop, payer, number)
            tally.runs += 1
        tally.violations += await shop.check_pool()
        await _settle(shop, payer, tally, deadline=DEADLINE)
    return tally


@asynccontextmanager
async def _open(stage: Stage, name: str) -> AsyncIterator[tuple[Shop, Payer]]:
    """Open a shop without servers, beside a payment provider in a process of its own."""
    async with AsyncExitStack() as stack:
        url = stack.enter_context(payment_provider())
        shop = await stack.enter_async_context(open_shop(stage, name, servers=0))
        shop.more |= {"CHAOS_PAYMENTS": url, "PAYMENT_TIMEOUT": "1"}
        shop.add_worker(f"{WORKER_QUEUES},payments")
        provider = Provider(url)
        stack.push_async_callback(provider.close)
        writing = stack.enter_context(Journal(LOGS / f"{name}-payments.jsonl"))
        payer = Payer(shop.buyer, writing, provider)
        stack.push_async_callback(payer.close)
        yield shop, payer


async def _lose_one(shop: Shop, payer: Payer, number: int) -> list[str]:
    """Pay one order over a COMMIT that is lost; tell when it was not lost, or it was lied about."""
    placed = await shop.buyer.buy()
    if placed is None or placed.order is None:
        return ["no order was placed, so nothing was tried"]
    loss = (Loss.COMMIT, Loss.REPLY)[number // _COMMITS % 2]
    lost = shop.proxy.lose_next(loss, spared=number % _COMMITS)
    key = key_with_money(placed.order)
    first = await payer.ask(placed.order, key)
    try:
        async with asyncio.timeout(1):
            await lost
    except TimeoutError:
        return [f"{key}: COMMIT {number % _COMMITS} did not come by; answered {first.status}"]
    await payer.pay(placed.order, key)
    if first.acknowledged:
        return [f"{key}: acknowledged although a COMMIT was lost"]
    return []


async def _settle(shop: Shop, payer: Payer, tally: Tally, *, deadline: float) -> None:
    """Let the job finish what nobody came back for, then compare all sides with each other."""
    for _ in range(_LEFT):
        await payer.leave_unknown()
    await payer.provider.recover()
    abandoned = await _finish_abandoned(shop)
    answers = journal.read(payer.path)
    orders, charges = await shop.query(sql.ORDERS), await payer.provider.charges()
    tally.violations += await shop.check(deadline=deadline)
    tally.violations += checker.check_payments(answers, orders, charges)
    tally.violations += checker.check_answers(
        answers, deadline=deadline, expected=checker.EXPECTED_OF_PAYMENTS
    )
    tally.violations += [f"{key}: no definite answer" for key in payer.gave_up]
    left = (await shop.query(sql.BEGUN))[0][0]
    tally.violations += [f"{left} payments are neither finished nor given up"] if left else []
    tally.violations += await check_receipts(shop, tally)
    states = Counter(row["status"] for row in orders)
    counted = ", ".join(f"{number} {state}" for state, number in sorted(states.items()))
    note_late([*answers, *journal.read(shop.path)], tally)
    tally.note(f"{counted}; {len(charges)} charges; {abandoned} payments were left by their client")


async def _finish_abandoned(shop: Shop) -> int:
    """Have the shop's own job finish, in a worker, what was left; return how many that were."""

    async def nobody_is_at_it() -> bool:
        return not (await shop.query(sql.HELD))[0][0]

    await until(nobody_is_at_it, patience=_PATIENCE)
    abandoned = int((await shop.query(sql.BEGUN))[0][0])
    for _ in range(1 if shop.stage.planted else _ROUNDS):
        await shop.query(sql.LEFT_LONG_AGO)
        await _enqueue_finishing(shop)
        await jobs_left(shop, patience=_PATIENCE)
        if not (await shop.query(sql.BEGUN))[0][0]:
            break
        await asyncio.sleep(LOCK / 3)
    return abandoned


async def _enqueue_finishing(shop: Shop) -> None:
    url = shop.postgres.cluster.url(shop.name).replace("://", "+asyncpg://")
    engine = create_async_engine(url)
    try:
        async with AsyncSession(engine) as session, session.begin():
            await finish_payments.enqueue(session)
    finally:
        await engine.dispose()


_INVARIANT: Final = (
    "an order acknowledged as paid has one charge at the provider, none has two, and none is "
    "charged and not paid once what was left is finished"
)

FAULTS: Final = (
    Fault(
        name="payments_killed",
        what="processes of the API killed (SIGKILL) while orders are paid through a provider that "
        "is slow, fails, or loses its reply, some clients never coming back",
        invariant=_INVARIANT,
        full=40,
        quick=6,
        run=kill,
        planted=("charged-anew", "nobody-finishes"),
    ),
    Fault(
        name="payment_commits_lost",
        what="each COMMIT of a payment lost in turn, or its reply",
        invariant=_INVARIANT,
        full=80,
        quick=16,
        run=lose_commits,
        planted=("paid-too-soon",),
    ),
)
