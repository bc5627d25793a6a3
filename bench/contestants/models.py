"""The tables as any SQLAlchemy application maps them; shared by the guide and by fastgres."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated
from uuid import UUID, uuid4

from sqlalchemy import DateTime, ForeignKey, Numeric, SmallInteger, func
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    """The base of the models; times have a zone."""

    type_annotation_map = {dt.datetime: DateTime(timezone=True)}


Key = Annotated[UUID, mapped_column(primary_key=True, default=uuid4)]
Moment = Annotated[dt.datetime, mapped_column(server_default=func.now())]


class Category(Base):
    """What a product belongs to; only the measurement of growth reads it."""

    __tablename__ = "categories"

    id: Mapped[Key]
    name: Mapped[str]


class Product(Base):
    """What is for sale now; it is read with orders by the measurement of growth alone."""

    __tablename__ = "products"

    id: Mapped[Key]
    category_id: Mapped[UUID] = mapped_column(ForeignKey("categories.id"))
    sku: Mapped[str]
    name: Mapped[str]
    price: Mapped[Decimal] = mapped_column(Numeric(10, 2))
    stock: Mapped[int]

    category: Mapped[Category] = relationship()


class Customer(Base):
    """Who buys."""

    __tablename__ = "customers"

    id: Mapped[Key]
    email: Mapped[str]
    name: Mapped[str]
    city: Mapped[str]
    phone: Mapped[str | None]
    created_at: Mapped[Moment]
    updated_at: Mapped[Moment]


class Order(Base):
    """What a customer bought at once."""

    __tablename__ = "orders"

    id: Mapped[Key]
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"))
    status: Mapped[str] = mapped_column(default="pending")
    total: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    note: Mapped[str | None]
    created_at: Mapped[Moment]
    updated_at: Mapped[Moment]

    customer: Mapped[Customer] = relationship()
    items: Mapped[list[OrderItem]] = relationship(order_by="OrderItem.position")


class OrderItem(Base):
    """One line of an order, with the product's name as it was then."""

    __tablename__ = "order_items"

    id: Mapped[Key]
    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id"))
    product_id: Mapped[UUID] = mapped_column(ForeignKey("products.id"))
    position: Mapped[int] = mapped_column(SmallInteger)
    product: Mapped[str]
    quantity: Mapped[int]
    unit_price: Mapped[Decimal] = mapped_column(Numeric(10, 2))

    sold: Mapped[Product] = relationship()
