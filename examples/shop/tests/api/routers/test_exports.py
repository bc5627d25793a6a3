"""Exports over HTTP."""

import httpx

from shop.models import Customer
from tests.conftest import Store
from tests.factories import CustomerFactory


async def test_sends_all_customers_but_the_deleted_ones(
    client: httpx.AsyncClient, store: Store, customer: Customer
) -> None:
    """In the order in which they registered, as the single reads show them."""
    gone, last = CustomerFactory.build(), CustomerFactory.build()
    await store(gone, last)
    await client.delete(f"/customers/{gone.id}")

    reply = await client.get("/exports/customers")

    assert reply.headers["content-type"] == "application/json"
    assert [each["id"] for each in reply.json()] == [str(customer.id), str(last.id)]
    assert reply.json()[0] == (await client.get(f"/customers/{customer.id}")).json()
