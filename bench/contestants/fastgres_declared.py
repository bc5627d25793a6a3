"""fastgres with declared read routes: nothing is written but what is read."""

from __future__ import annotations

import os

from fastapi import Response

from bench.contestants.fastgres_parts import (
    CustomerRepository,
    ItemRepository,
    OrderQuery,
    OrderRepository,
)
from bench.contestants.models import Order
from bench.contestants.schemas import (
    CustomerRead,
    ItemRead,
    OrderOneLevel,
    OrderRead,
    OrderThreeLevels,
    OrderTwoLevels,
)
from fastgres.app import create_app
from fastgres.endpoints import ReadRouter
from fastgres.http import SessionDep
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


app = create_app(load_settings(Settings), title="Bench", routers=[router])
