"""fastgres with handlers of FastAPI that give a response model to the repository.

What is written goes through the ORM and a unit of work; an order has neither key nor job.
"""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from bench.contestants.fastgres_orders import OrderService
from bench.contestants.fastgres_parts import CustomerRepository, OrderQuery, OrderRepository
from bench.contestants.models import Customer, Order
from bench.contestants.schemas import CustomerCreate, CustomerRead, OrderCreate, OrderRead
from fastgres.app import create_app
from fastgres.http import SessionDep, with_session
from fastgres.repository import Page
from fastgres.settings import Settings, load_settings

router = APIRouter()


CustomersDep = Annotated[CustomerRepository, Depends(with_session(CustomerRepository))]
OrdersDep = Annotated[OrderRepository, Depends(with_session(OrderRepository))]
PlacingDep = Annotated[OrderService, Depends(with_session(OrderService))]


@router.get("/customers/{customer_id}", response_model=CustomerRead)
async def read_customer(customer_id: UUID, customers: CustomersDep) -> Response:
    """Read one row."""
    return await customers.read(CustomerRead, customer_id)


@router.get("/orders/{order_id}", response_model=OrderRead)
async def read_order(order_id: UUID, orders: OrdersDep) -> Response:
    """Read one order with what belongs to it."""
    return await orders.read(OrderRead, order_id)


@router.get("/orders", response_model=Page[OrderRead])
async def list_orders(query: Annotated[OrderQuery, Query()], orders: OrdersDep) -> Response:
    """Read a page of orders, filtered and sorted."""
    return await orders.page(OrderRead, query)


@router.post("/customers", response_model=CustomerRead, status_code=201)
async def create_customer(
    body: CustomerCreate, customers: CustomersDep, session: SessionDep
) -> Customer:
    """Add one row."""
    async with session.begin():
        return await customers.add(Customer(**body.model_dump()))


@router.post("/orders", response_model=OrderRead, status_code=201)
async def place_order(body: OrderCreate, orders: PlacingDep) -> Order:
    """Place an order."""
    return await orders.place(body)


app = create_app(load_settings(Settings), title="Bench", routers=[router])
