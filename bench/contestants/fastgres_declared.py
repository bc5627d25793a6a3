"""fastgres at its best: read routes are declared, a row is added by one statement.

An order is answered once for each Idempotency-Key, and its receipt is a job in the transaction.
"""

from __future__ import annotations

import os
from typing import Annotated

from fastapi import Depends, Response

from bench.contestants.fastgres_orders import OrderService, send_receipt
from bench.contestants.fastgres_parts import (
    CustomerRepository,
    ItemRepository,
    OrderQuery,
    OrderRepository,
)
from bench.contestants.models import Order
from bench.contestants.schemas import (
    CustomerCreate,
    CustomerRead,
    ItemRead,
    OrderCreate,
    OrderOneLevel,
    OrderRead,
    OrderThreeLevels,
    OrderTwoLevels,
)
from fastgres.app import create_app
from fastgres.endpoints import ReadRouter
from fastgres.http import SessionDep, with_session
from fastgres.idempotency import Idempotent, anyone
from fastgres.settings import Settings, load_settings

router = ReadRouter()

for number in range(int(os.environ.get("BENCH_ROUTES", "0"))):
    router.one(f"/others{number}/{{id}}", CustomerRepository, CustomerRead)

router.one("/customers/{id}", CustomerRepository, CustomerRead)
router.one("/orders/{id}", OrderRepository, OrderRead)
router.page("/orders", OrderRepository, OrderRead, OrderQuery)

NEWEST = (Order.created_at.desc(), Order.id.desc())
router.list("/growth/1", OrderRepository, OrderOneLevel, order_by=NEWEST, limit=50)
router.list("/growth/2", OrderRepository, OrderTwoLevels, order_by=NEWEST, limit=50)
router.list("/growth/3", OrderRepository, OrderThreeLevels, order_by=NEWEST, limit=50)


@router.get("/export")
async def export_items(session: SessionDep) -> Response:
    """Give every line of every order."""
    return ItemRepository(session).stream(ItemRead)


CustomersDep = Annotated[CustomerRepository, Depends(with_session(CustomerRepository))]
PlacingDep = Annotated[OrderService, Depends(with_session(OrderService))]


@router.post("/customers", response_model=CustomerRead, status_code=201)
async def create_customer(body: CustomerCreate, customers: CustomersDep) -> Response:
    """Add one row."""
    return await customers.create(CustomerRead, body, location="/customers/{id}")


@router.post("/orders", response_model=OrderRead, status_code=201, dependencies=[Idempotent])
async def place_order(body: OrderCreate, orders: PlacingDep) -> Order:
    """Place an order with its receipt, once for each key."""
    return await orders.place_with_receipt(body)


app = create_app(
    load_settings(Settings),
    title="Bench",
    routers=[router],
    caller=anyone,
    jobs=[send_receipt],
)
