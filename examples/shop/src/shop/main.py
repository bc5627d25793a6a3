"""The application: settings, routers, and what the service switches on."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from fastgres.app import create_app as create_service
from fastgres.db import Database
from fastgres.idempotency import anyone
from fastgres.settings import load_settings
from shop.api.routers import customers, exports, orders, products
from shop.clients.payment import PaymentClient
from shop.core.config import Settings
from shop.jobs import payments, receipts
from shop.models import Base

DESCRIPTION = """
The example service of fastgres. Money is a string such as `"19.90"`; lists are pages, read on
with `next`; errors are problem documents (RFC 9457) whose `code` is stable.
"""

TAGS = [
    {"name": "products", "description": "What is for sale, and how much of it is left."},
    {"name": "customers", "description": "Who buys."},
    {"name": "exports", "description": "Whole tables, sent while they are read."},
    {"name": "orders", "description": "What was bought: placed, then paid, then shipped."},
]


def create_app(settings: Settings | None = None, database: Database | None = None) -> FastAPI:
    """Make the application; settings come from the environment unless given."""
    settings = settings or load_settings(Settings)
    app = create_service(
        settings,
        title=settings.shop_name,
        description=DESCRIPTION,
        tags=TAGS,
        routers=[products.router, customers.router, orders.router, exports.router],
        metadata=Base.metadata,
        database=database,
        jobs=[receipts, payments],
        caller=anyone,
        lifespan=_with_connections,
    )
    app.state.payments = PaymentClient(settings)
    return app


@asynccontextmanager
async def _with_connections(app: FastAPI) -> AsyncIterator[None]:
    async with app.state.payments:
        yield
