"""What most tests of the shop start from."""

from typing import Protocol

import pytest
from sqlalchemy import event

from fastgres.db import Database
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


@pytest.fixture
def statements(database: Database) -> list[str]:
    """Every statement that the database is sent from here on; needs the marker `clone`."""
    sent: list[str] = []

    @event.listens_for(database.engine.sync_engine, "before_cursor_execute")
    def record(*arguments: object) -> None:
        sent.append(str(arguments[2]))

    return sent
