"""Paying for an order while the payment provider has good days and bad ones."""

import asyncio
from collections import Counter
from decimal import Decimal
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from fastgres.db import Database, Session
from fastgres.jobs import Worker
from shop.core.config import Settings
from shop.jobs import payments
from shop.models import Customer, Product
from tests.conftest import pay

pytestmark = pytest.mark.clone


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """The shop does not wait long for the provider."""
    return settings.model_copy(update={"payment_timeout": 0.5})


@pytest.fixture
async def order(client: httpx.AsyncClient, customer: Customer, product: Product) -> str:
    """An order that was placed, for 39.80."""
    line = {"product_id": str(product.id), "quantity": 2}
    body = {"customer_id": str(customer.id), "items": [line]}
    return str((await client.post("/orders", json=body)).json()["id"])


async def status_of(client: httpx.AsyncClient, order: str) -> str:
    """Return where the order stands."""
    return str((await client.get(f"/orders/{order}")).json()["status"])


async def charges(provider: httpx.AsyncClient, order: str) -> list[dict[str, Any]]:
    """Return what the provider has charged for the order."""
    found = (await provider.get("/charges", params={"reference": order})).json()
    return [each for each in found if "id" in each]


async def test_the_card_is_charged_what_the_order_costs(
    client: httpx.AsyncClient, provider: httpx.AsyncClient, order: str
) -> None:
    """Once, and asked again with the key the answer is the same to the byte."""
    key = str(uuid4())
    first = await pay(client, order, key=key)
    again = await pay(client, order, key=key)

    assert (first.status_code, first.json()["status"]) == (200, "paid")
    assert again.content == first.content
    assert again.headers["Idempotent-Replayed"] == "true"
    assert [Decimal(each["amount"]) for each in await charges(provider, order)] == [
        Decimal("39.80")
    ]


@pytest.mark.parametrize(
    "trouble", [{"kind": "slow", "seconds": 1}, {"kind": "lose_reply"}, {"kind": "fail"}]
)
async def test_trouble_is_503_and_the_retry_finds_one_charge(
    client: httpx.AsyncClient,
    provider: httpx.AsyncClient,
    order: str,
    trouble: dict[str, object],
) -> None:
    """Whether or not the provider had charged before it fell silent."""
    key = str(uuid4())
    await provider.post("/trouble", json=trouble)

    unknown = await pay(client, order, key=key)
    assert (unknown.status_code, unknown.json()["code"]) == (503, "payment_unavailable")
    assert "Retry-After" in unknown.headers

    paid = await pay(client, order, key=key)
    assert (paid.status_code, paid.json()["status"]) == (200, "paid")
    assert len(await charges(provider, order)) == 1


async def test_while_nobody_knows_the_order_stays_with_the_payment(
    client: httpx.AsyncClient, provider: httpx.AsyncClient, order: str
) -> None:
    """It can neither be cancelled nor paid a second time, for the money may be gone already."""
    key = str(uuid4())
    await provider.post("/trouble", json={"kind": "lose_reply"})
    await pay(client, order, key=key)

    assert await status_of(client, order) == "paying"
    for refused in (await client.post(f"/orders/{order}/cancel"), await pay(client, order)):
        assert (refused.status_code, refused.json()["state"]) == (409, "paying")
    assert (await pay(client, order, key=key)).json()["status"] == "paid"
    assert len(await charges(provider, order)) == 1


async def test_a_declined_card_is_stored_and_another_may_be_tried(
    client: httpx.AsyncClient, provider: httpx.AsyncClient, order: str
) -> None:
    """402 under that key for good; the order is as it was, and can be paid by another request."""
    key = str(uuid4())
    first = await pay(client, order, card="tok_declined", key=key)
    again = await pay(client, order, card="tok_declined", key=key)

    assert (first.status_code, first.json()["code"]) == (402, "card_declined")
    assert again.content == first.content
    assert again.headers["Idempotent-Replayed"] == "true"
    assert await status_of(client, order) == "placed"
    assert (await pay(client, order)).json()["status"] == "paid"
    assert len(await charges(provider, order)) == 1


async def test_twins_are_one_payment(
    client: httpx.AsyncClient, provider: httpx.AsyncClient, order: str
) -> None:
    """The same request many times at once: one charge, and 409 or the same answer for the rest."""
    key = str(uuid4())
    twins = await asyncio.gather(*(pay(client, order, key=key) for _ in range(10)))

    assert Counter(each.status_code for each in twins).keys() <= {200, 409}
    assert len({each.content for each in twins if each.status_code == 200}) == 1
    assert len(await charges(provider, order)) == 1


async def test_a_payment_whose_buyer_never_came_back_is_finished(
    client: httpx.AsyncClient,
    provider: httpx.AsyncClient,
    order: str,
    session: Session,
    database: Database,
) -> None:
    """By a job: what the provider had charged is found, and the order is paid."""
    await provider.post("/trouble", json={"kind": "lose_reply"})
    await pay(client, order)
    async with session.begin():
        await session.execute(
            text("UPDATE fastgres.idempotency SET locked_until = now() - interval '1 hour'")
        )
        await payments.finish_payments.enqueue(session)

    assert (await Worker(database, [payments]).drain()).done == 1
    assert await status_of(client, order) == "paid"
    assert len(await charges(provider, order)) == 1
