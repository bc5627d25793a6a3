"""Requests and responses as Pydantic models; shared by the guide and by fastgres."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class Read(BaseModel):
    """What is read from a mapped class."""

    model_config = ConfigDict(from_attributes=True)


class CustomerRead(Read):
    """The flat row."""

    id: UUID
    email: str
    name: str
    city: str
    created_at: dt.datetime


class Buyer(Read):
    """The customer within an order."""

    id: UUID
    email: str
    name: str


class ItemRead(Read):
    """One line of an order."""

    id: UUID
    product: str
    quantity: int
    unit_price: Decimal


class OrderFlat(Read):
    """The columns of an order."""

    id: UUID
    status: str
    total: Decimal
    note: str | None
    created_at: dt.datetime


class OrderRead(OrderFlat):
    """The nested order."""

    customer: Buyer
    items: list[ItemRead]


class CustomerCreate(BaseModel):
    """A customer to add."""

    email: str
    name: str
    city: str
    phone: str | None = None


class Line(BaseModel):
    """A product and how many pieces of it."""

    product_id: UUID
    quantity: Annotated[int, Field(ge=1)]


class OrderCreate(BaseModel):
    """An order to place, each product once."""

    customer_id: UUID
    note: str | None = None
    items: Annotated[list[Line], Field(min_length=1)]


class CategoryRead(Read):
    """The third level of the measurement of growth."""

    id: UUID
    name: str


class ProductRead(Read):
    """The second level."""

    id: UUID
    sku: str
    name: str


class ProductDeep(ProductRead):
    """The second level with the third below it."""

    category: CategoryRead


class ItemOfProduct(ItemRead):
    """The first level with the second below it."""

    sold: ProductRead


class ItemDeep(ItemRead):
    """The first level with two below it."""

    sold: ProductDeep


class OrderOneLevel(OrderFlat):
    """Growth: an order with its items."""

    items: list[ItemRead]


class OrderTwoLevels(OrderFlat):
    """Growth: an order with its items and their products."""

    items: list[ItemOfProduct]


class OrderThreeLevels(OrderFlat):
    """Growth: an order with its items, their products and the categories of these."""

    items: list[ItemDeep]
