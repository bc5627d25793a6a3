"""The receipt of an order: one for each that was committed, and none for any other."""

import asyncio
import os
import sys
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from fastgres.db import Database, Session
from fastgres.jobs import Worker, WorkerStats
from fastgres.mail import Mailbox, Received
from fastgres.settings import Project
from fastgres.testing import RunJobs
from shop.core.errors import OutOfStockError
from shop.jobs import receipts
from shop.models import Customer, Product
from shop.schemas.order import OrderCreate
from shop.services.order import OrderService
from tests.conftest import Store
from tests.factories import CustomerFactory

WORKER = """
import asyncio, sys
from fastgres.db import Database
from fastgres.jobs import Worker
from fastgres.settings import load_settings
from shop.core.config import Settings
from shop.jobs import receipts

async def main():
    settings = load_settings(Settings)
    database = Database(settings.database_url.get_secret_value(), settings)
    await Worker(database, [receipts], lease=3).run()

asyncio.run(main())
"""


def body_of(customer: Customer, product: Product, quantity: int = 2) -> dict[str, Any]:
    """Return the body of an order."""
    line = {"product_id": str(product.id), "quantity": quantity}
    return {"customer_id": str(customer.id), "items": [line], "note": "Ring <b>twice</b>."}


async def place(client: httpx.AsyncClient, customer: Customer, product: Product) -> dict[str, Any]:
    """Place an order that must succeed and return it."""
    answer = await client.post("/orders", json=body_of(customer, product))
    assert answer.status_code == 201, answer.text
    placed: dict[str, Any] = answer.json()
    return placed


async def work(database: Database) -> WorkerStats:
    """Run what is due."""
    return await Worker(database, [receipts]).drain()


async def hurry(session: Session) -> None:
    """Let what is to be tried again be due now."""
    async with session.begin():
        await session.execute(text("UPDATE fastgres.jobs SET run_at = now(), lease_until = now()"))


async def waiting(session: Session) -> int:
    """Return how many jobs there are."""
    number: int = (await session.execute(text("SELECT count(*) FROM fastgres.jobs"))).scalar_one()
    return number


@pytest.fixture
async def buyer(store: Store) -> Customer:
    """A customer whose name is no markup."""
    buyer = CustomerFactory.build(name="Tom & Ann <Smith>")
    await store(buyer)
    return buyer


async def test_an_order_gets_one_receipt_with_both_parts(
    client: httpx.AsyncClient,
    buyer: Customer,
    product: Product,
    run_jobs: RunJobs,
    mailbox: Mailbox,
) -> None:
    """To the buyer, with what was bought; values are escaped where they would be markup."""
    order = await place(client, buyer, product)
    assert mailbox.received == []

    assert (await run_jobs()).done == 1
    assert (await run_jobs()).done == 0

    (receipt,) = mailbox.received
    assert receipt.recipients == (buyer.email,)
    assert receipt.subject.startswith("Your order of ")
    for part in (receipt.text, receipt.html):
        assert part is not None
        assert order["id"] in part
        assert product.sku in part
        assert "39.80 €" in part
    assert "Dear Tom & Ann <Smith>," in (receipt.text or "")
    assert "Tom &amp; Ann &lt;Smith&gt;" in (receipt.html or "")
    assert "Ring &lt;b&gt;twice&lt;/b&gt;." in (receipt.html or "")


async def test_a_refused_order_gets_none(
    client: httpx.AsyncClient, buyer: Customer, product: Product, session: Session
) -> None:
    """Nothing was placed, so nothing waits to be sent."""
    answer = await client.post("/orders", json=body_of(buyer, product, quantity=11))
    assert answer.json()["code"] == OutOfStockError.code
    assert await waiting(session) == 0


async def test_an_order_that_is_rolled_back_gets_none(
    session: Session, buyer: Customer, product: Product
) -> None:
    """Whatever fails after the order was placed takes the receipt along."""
    body = OrderCreate.model_validate(body_of(buyer, product))
    with pytest.raises(ConnectionResetError):
        async with session.begin():
            await OrderService(session).place(body)
            assert await waiting(session) == 1
            raise ConnectionResetError
    assert await waiting(session) == 0


async def test_a_mail_server_that_refuses_for_a_while_is_asked_again(
    client: httpx.AsyncClient,
    buyer: Customer,
    product: Product,
    session: Session,
    database: Database,
    mailbox: Mailbox,
) -> None:
    """Twice it asks to wait, then it takes the letter."""
    await place(client, buyer, product)
    mailbox.refuse("451 4.3.2 Later", "451 4.3.2 Later")
    for _ in range(2):
        assert (await work(database)).done == 0
        assert mailbox.received == []
        await hurry(session)
    assert (await work(database)).done == 1
    assert len(mailbox.received) == 1


async def test_a_buyer_who_does_not_exist_is_no_endless_work(
    client: httpx.AsyncClient,
    buyer: Customer,
    product: Product,
    session: Session,
    database: Database,
    mailbox: Mailbox,
) -> None:
    """The server refuses the address for good: the job lies with the dead letters at once."""
    await place(client, buyer, product)
    mailbox.refuse("550 5.1.1 No such user")
    assert (await work(database)).dead == 1
    assert await waiting(session) == 0


@pytest.mark.clone
@pytest.mark.timeout(120)
async def test_a_worker_that_dies_after_the_letter_was_taken_sends_it_again_with_the_same_id(
    client: httpx.AsyncClient,
    buyer: Customer,
    product: Product,
    database: Database,
    database_url: str,
    mailbox: Mailbox,
    project: Project,
    session: Session,
) -> None:
    """`kill -9` before the answer: the mail server has it, and nobody else knows."""
    await place(client, buyer, product)
    mailbox.hold()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", WORKER),
        cwd=project.root,
        env=os.environ | {"DATABASE_URL": database_url, "MAIL_URL": mailbox.url},
    )
    async with asyncio.timeout(60):
        await mailbox.wait_for(1)
    process.kill()
    await process.wait()
    mailbox.release()

    second = Worker(database, [receipts], lease=12)
    running = asyncio.create_task(second.run())
    async with asyncio.timeout(60):
        copies = await mailbox.wait_for(2)
    second.stop()
    await running

    assert len(copies) == 2
    assert len({each.message_id for each in copies}) == 1
    assert [identity(each) for each in copies] == [identity(copies[0])] * 2
    assert await waiting(session) == 0


def identity(receipt: Received) -> tuple[str, tuple[str, ...], str | None]:
    """Return what a reader could tell two copies apart by."""
    return receipt.message_id, receipt.recipients, receipt.text
