"""What most tests of the shop start from."""

from collections.abc import AsyncIterator, Iterator
from typing import Protocol
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import event

from fastgres.db import Database
from shop.core.config import Settings
from shop.development import payment_provider
from shop.models import Base, Customer, Product
from tests.factories import CustomerFactory, ProductFactory


class Store(Protocol):
    """Commit rows, so that requests see them."""

    async def __call__(self, *rows: Base) -> None:
        """Commit them."""


@pytest.fixture
def store(database: Database) -> Store:
    """Commit rows in a session of their own."""

    async def commit(*rows: Base) -> None:
        async with database.session() as session, session.begin():
            session.add_all(rows)

    return commit


@pytest.fixture
async def customer(store: Store) -> Customer:
    """A customer that is registered."""
    customer = CustomerFactory.build()
    await store(customer)
    return customer


@pytest.fixture
async def product(store: Store) -> Product:
    """A product of which ten pieces are for sale."""
    product = ProductFactory.build()
    await store(product)
    return product


@pytest.fixture(scope="session")
def provider_url() -> Iterator[str]:
    """The payment provider, a process of its own for all tests of this one."""
    with payment_provider() as url:
        yield url


@pytest.fixture
async def provider(provider_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the provider, which has good days only unless a test says otherwise."""
    async with httpx.AsyncClient(base_url=provider_url, timeout=30) as client:
        yield client
        await client.delete("/trouble")


@pytest.fixture
def settings(request: pytest.FixtureRequest, settings: Settings) -> Settings:
    """The settings of the test; they name the payment provider if the test asks for it."""
    if "provider" not in request.fixturenames:
        return settings
    return settings.model_copy(update={"payment_url": request.getfixturevalue("provider_url")})


async def pay(
    client: httpx.AsyncClient, order: str, *, card: str = "tok_visa", key: str | None = None
) -> httpx.Response:
    """Pay an order, by default as something that was never asked before."""
    headers = {"Idempotency-Key": key or str(uuid4())}
    return await client.post(f"/orders/{order}/pay", json={"card": card}, headers=headers)


@pytest.fixture
def statements(database: Database) -> list[str]:
    """Every statement that the database is sent from here on; needs the marker `clone`."""
    sent: list[str] = []

    @event.listens_for(database.engine.sync_engine, "before_cursor_execute")
    def record(*arguments: object) -> None:
        sent.append(str(arguments[2]))

    return sent
