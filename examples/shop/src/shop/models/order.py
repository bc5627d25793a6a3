"""Orders with their lines, and the states an order passes through."""

from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fastgres.db import Base, Timestamps, UUIDv7Key, text_enum
from shop.models.customer import Customer
from shop.models.product import Product

NOTE_LENGTH = 500
MAX_LINES = 50
MAX_QUANTITY = 99


class OrderStatus(StrEnum):
    """Where an order stands: placed, then paid, then shipped; cancelled before it ships.

    While the payment provider is asked it is paying, and nobody can cancel it.
    """

    PLACED = "placed"
    PAYING = "paying"
    PAID = "paid"
    SHIPPED = "shipped"
    CANCELLED = "cancelled"


class Order(UUIDv7Key, Timestamps, Base):
    """An order; `total` is what its lines cost on the day it was placed."""

    __tablename__ = "orders"
    __table_args__ = (
        CheckConstraint("total >= 0", name="total_not_negative"),
        CheckConstraint(f"char_length(note) <= {NOTE_LENGTH}", name="note_length"),
    )

    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id", ondelete="RESTRICT"))
    status: Mapped[OrderStatus] = mapped_column(
        text_enum(OrderStatus),
        default=OrderStatus.PLACED,
        server_default=OrderStatus.PLACED.value,
    )
    total: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    note: Mapped[str | None]

    customer: Mapped[Customer] = relationship()
    items: Mapped[list["OrderItem"]] = relationship(
        back_populates="order",
        order_by="OrderItem.position",
        cascade="all, delete-orphan",
        passive_deletes=True,
    )


class OrderItem(UUIDv7Key, Timestamps, Base):
    """One line of an order; `unit_price` is the price on the day the order was placed."""

    __tablename__ = "order_items"
    __table_args__ = (
        UniqueConstraint("order_id", "position"),
        UniqueConstraint("order_id", "product_id"),
        CheckConstraint("position >= 0", name="position_not_negative"),
        CheckConstraint(
            f"quantity BETWEEN 1 AND {MAX_LINES * MAX_QUANTITY}", name="quantity_range"
        ),
        CheckConstraint("unit_price > 0", name="unit_price_positive"),
    )

    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"))
    product_id: Mapped[UUID] = mapped_column(
        ForeignKey("products.id", ondelete="RESTRICT"), index=True
    )
    position: Mapped[int]
    quantity: Mapped[int]
    unit_price: Mapped[Decimal] = mapped_column(Numeric(12, 2))

    order: Mapped[Order] = relationship(back_populates="items")
    product: Mapped[Product] = relationship()


Index("ix_orders_created_at_id", Order.created_at, Order.id)
Index("ix_orders_customer_id_created_at_id", Order.customer_id, Order.created_at, Order.id)
Index("ix_orders_status_created_at_id", Order.status, Order.created_at, Order.id)
Index("ix_orders_total_id", Order.total, Order.id)
