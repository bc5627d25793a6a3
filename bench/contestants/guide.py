"""FastAPI as guides teach it: async SQLAlchemy, a session dependency, `response_model`.

Relationships are loaded by `joinedload` and `selectinload`, lists are paged by offset and limit,
as FastAPI's tutorial on SQL databases does, and a row is added as there: add, commit, refresh. What
was put together of objects is answered as it is, since `expire_on_commit=False`, which SQLAlchemy's
chapter on asyncio advises, keeps them loaded.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Depends, FastAPI, HTTPException, Query
from pydantic import BaseModel
from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import joinedload, selectinload

from bench.contestants.models import Customer, Order, OrderItem, Product
from bench.contestants.schemas import (
    CustomerCreate,
    CustomerRead,
    Line,
    OrderCreate,
    OrderOneLevel,
    OrderRead,
    OrderThreeLevels,
    OrderTwoLevels,
)

engine = create_async_engine(
    os.environ["DATABASE_URL"].replace("postgresql:", "postgresql+asyncpg:"),
    pool_size=10,
    max_overflow=0,
)
make_session = async_sessionmaker(engine, expire_on_commit=False)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Close the pool at the end."""
    yield
    await engine.dispose()


app = FastAPI(lifespan=lifespan)


def add_routes(count: int) -> None:
    """Add routes before those that are measured, for the measurement of growth."""

    async def other(key: UUID) -> UUID:
        return key

    for number in range(count):
        app.get(f"/others{number}/{{key}}")(other)


add_routes(int(os.environ.get("BENCH_ROUTES", "0")))


async def get_session() -> AsyncIterator[AsyncSession]:
    """Give a request its session."""
    async with make_session() as session:
        yield session


SessionDep = Annotated[AsyncSession, Depends(get_session)]
Limit = Annotated[int, Query(ge=1, le=100)]
Offset = Annotated[int, Query(ge=0)]


class OrderPage(BaseModel):
    """One page of orders."""

    items: list[OrderRead]
    next: int | None
    previous: int | None
    total: int | None = None


@app.get("/customers/{customer_id}", response_model=CustomerRead)
async def read_customer(customer_id: UUID, session: SessionDep) -> Customer:
    """Read one row."""
    customer = await session.get(Customer, customer_id)
    if customer is None:
        raise HTTPException(status_code=404, detail="Customer not found")
    return customer


@app.get("/orders/{order_id}", response_model=OrderRead)
async def read_order(order_id: UUID, session: SessionDep) -> Order:
    """Read one order with what belongs to it."""
    order: Order | None = await session.scalar(nested().where(Order.id == order_id))
    if order is None:
        raise HTTPException(status_code=404, detail="Order not found")
    return order


@app.get("/orders", response_model=OrderPage)
async def list_orders(
    session: SessionDep,
    limit: Limit = 50,
    offset: Offset = 0,
    status: str | None = None,
    total_min: Decimal | None = None,
    sort: Literal["-created_at", "-total"] = "-created_at",
) -> dict[str, Any]:
    """Read a page of orders, filtered and sorted."""
    statement = nested()
    if status is not None:
        statement = statement.where(Order.status == status)
    if total_min is not None:
        statement = statement.where(Order.total >= total_min)
    column = Order.total if sort == "-total" else Order.created_at
    statement = statement.order_by(column.desc(), Order.id.desc())
    orders = (await session.scalars(statement.offset(offset).limit(limit))).all()
    return {
        "items": orders,
        "next": offset + limit if len(orders) == limit else None,
        "previous": max(offset - limit, 0) if offset else None,
    }


def nested() -> Select[Any]:
    """Select orders with customer and items."""
    return select(Order).options(joinedload(Order.customer), selectinload(Order.items))


@app.post("/customers", response_model=CustomerRead, status_code=201)
async def create_customer(body: CustomerCreate, session: SessionDep) -> Customer:
    """Add one row."""
    customer = Customer(**body.model_dump())
    session.add(customer)
    await session.commit()
    await session.refresh(customer)
    return customer


@app.post("/orders", response_model=OrderRead, status_code=201)
async def place_order(body: OrderCreate, session: SessionDep) -> Order:
    """Take the pieces out of the stock and place the order."""
    customer = await session.get(Customer, body.customer_id)
    if customer is None:
        raise HTTPException(status_code=404, detail="Customer not found")
    items = await reserve(session, body.items)
    total = sum(item.unit_price * item.quantity for item in items)
    order = Order(customer=customer, items=items, total=total, note=body.note)
    session.add(order)
    await session.commit()
    return order


async def reserve(session: AsyncSession, lines: list[Line]) -> list[OrderItem]:
    """Lock the products, by rising id so that no two requests wait for each other."""
    wanted = select(Product).where(Product.id.in_([line.product_id for line in lines]))
    locked = await session.scalars(wanted.order_by(Product.id).with_for_update())
    products = {product.id: product for product in locked}
    items = []
    for position, line in enumerate(lines, 1):
        product = products.get(line.product_id)
        if product is None:
            raise HTTPException(status_code=404, detail="Product not found")
        if product.stock < line.quantity:
            raise HTTPException(status_code=409, detail="Out of stock")
        product.stock -= line.quantity
        items.append(
            OrderItem(
                product_id=product.id,
                position=position,
                product=product.name,
                quantity=line.quantity,
                unit_price=product.price,
            )
        )
    return items


@app.get("/growth/1", response_model=list[OrderOneLevel])
async def one_level(session: SessionDep) -> list[Order]:
    """Read a page of orders with one level below them."""
    return await newest(session, selectinload(Order.items))


@app.get("/growth/2", response_model=list[OrderTwoLevels])
async def two_levels(session: SessionDep) -> list[Order]:
    """Read a page of orders with two levels below them."""
    return await newest(session, selectinload(Order.items).joinedload(OrderItem.sold))


@app.get("/growth/3", response_model=list[OrderThreeLevels])
async def three_levels(session: SessionDep) -> list[Order]:
    """Read a page of orders with three levels below them."""
    products = selectinload(Order.items).joinedload(OrderItem.sold)
    return await newest(session, products.joinedload(Product.category))


async def newest(session: AsyncSession, option: Any) -> list[Order]:
    """Read the 50 newest orders with what `option` loads."""
    statement = select(Order).options(option)
    statement = statement.order_by(Order.created_at.desc(), Order.id.desc()).limit(50)
    return list(await session.scalars(statement))
