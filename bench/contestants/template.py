"""FastAPI as full-stack-fastapi-template writes it: SQLModel, sync psycopg, `def` endpoints.

Relationships are read as SQLModel's documentation reads them, by the attribute, which loads them
one by one; lists are paged by `skip` and `limit`. The template counts each list as well; here
nobody does.
"""

import os
import uuid
from collections.abc import Generator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException
from sqlalchemy import DateTime
from sqlmodel import Field, Relationship, Session, SQLModel, col, create_engine, select

engine = create_engine(
    os.environ["DATABASE_URL"].replace("postgresql:", "postgresql+psycopg:"),
    pool_size=10,
    max_overflow=0,
)
app = FastAPI()


def get_db() -> Generator[Session, None, None]:
    """Give a request its session."""
    with Session(engine) as session:
        yield session


def get_datetime_utc() -> datetime:
    """Return now."""
    return datetime.now(UTC)


SessionDep = Annotated[Session, Depends(get_db)]


class BuyerPublic(SQLModel):
    """The customer within an order."""

    id: uuid.UUID
    email: str
    name: str


class CustomerCreate(SQLModel):
    """A customer to add."""

    email: str
    name: str
    city: str
    phone: str | None = None


class CustomerPublic(BuyerPublic):
    """The flat row."""

    city: str
    created_at: datetime


class Customer(SQLModel, table=True):
    """Who buys."""

    __tablename__ = "customers"

    id: uuid.UUID = Field(default_factory=uuid.uuid4, primary_key=True)
    email: str
    name: str
    city: str
    phone: str | None
    created_at: datetime = Field(default_factory=get_datetime_utc, sa_type=DateTime(timezone=True))
    updated_at: datetime = Field(default_factory=get_datetime_utc, sa_type=DateTime(timezone=True))


class ItemPublic(SQLModel):
    """One line of an order."""

    id: uuid.UUID
    product: str
    quantity: int
    unit_price: Decimal


class OrderItem(ItemPublic, table=True):
    """One line of an order as it is stored."""

    __tablename__ = "order_items"

    id: uuid.UUID = Field(primary_key=True)
    order_id: uuid.UUID = Field(foreign_key="orders.id")
    product_id: uuid.UUID
    position: int


class OrderBase(SQLModel):
    """The columns of an order that are shown."""

    status: str
    total: Decimal
    note: str | None
    created_at: datetime = Field(sa_type=DateTime(timezone=True))


class Order(OrderBase, table=True):
    """What a customer bought at once."""

    __tablename__ = "orders"

    id: uuid.UUID = Field(primary_key=True)
    customer_id: uuid.UUID = Field(foreign_key="customers.id")
    updated_at: datetime = Field(sa_type=DateTime(timezone=True))
    customer: Customer = Relationship()
    items: list[OrderItem] = Relationship(sa_relationship_kwargs={"order_by": "OrderItem.position"})


class OrderPublic(OrderBase):
    """The nested order."""

    id: uuid.UUID
    customer: BuyerPublic
    items: list[ItemPublic]


class OrdersPublic(SQLModel):
    """One page of orders."""

    items: list[OrderPublic]
    total: int | None = None


@app.get("/customers/{id}", response_model=CustomerPublic)
def read_customer(session: SessionDep, id: uuid.UUID) -> Any:
    """Read one row."""
    customer = session.get(Customer, id)
    if not customer:
        raise HTTPException(status_code=404, detail="Customer not found")
    return customer


@app.get("/orders/{id}", response_model=OrderPublic)
def read_order(session: SessionDep, id: uuid.UUID) -> Any:
    """Read one order with what belongs to it."""
    order = session.get(Order, id)
    if not order:
        raise HTTPException(status_code=404, detail="Order not found")
    return order


@app.get("/orders", response_model=OrdersPublic)
def read_orders(
    session: SessionDep,
    skip: int = 0,
    limit: int = 50,
    status: str | None = None,
    total_min: Decimal | None = None,
    sort: str = "-created_at",
) -> Any:
    """Read a page of orders, filtered and sorted."""
    statement = select(Order)
    if status is not None:
        statement = statement.where(Order.status == status)
    if total_min is not None:
        statement = statement.where(Order.total >= total_min)
    column = col(Order.total) if sort == "-total" else col(Order.created_at)
    statement = statement.order_by(column.desc(), col(Order.id).desc())
    orders = session.exec(statement.offset(skip).limit(limit)).all()
    return OrdersPublic.model_validate({"items": orders})


@app.post("/customers", response_model=CustomerPublic, status_code=201)
def create_customer(*, session: SessionDep, customer_in: CustomerCreate) -> Any:
    """Add one row."""
    customer = Customer.model_validate(customer_in)
    session.add(customer)
    session.commit()
    session.refresh(customer)
    return customer
