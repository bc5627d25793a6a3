"""Things for sale and how many of them are in stock."""

from decimal import Decimal

from sqlalchemy import CheckConstraint, Index, Numeric, true
from sqlalchemy.orm import Mapped, mapped_column

from fastgres.db import Base, SoftDelete, Timestamps, UUIDv7Key

SKU_LENGTH = 40
NAME_LENGTH = 120
DESCRIPTION_LENGTH = 2_000
MAX_STOCK = 1_000_000
PRICE_LIMIT = 1_000_000
"""Prices stay below this, so that the largest possible order fits `Numeric(12, 2)`."""


class Product(UUIDv7Key, Timestamps, SoftDelete, Base):
    """A product; `stock` is what can still be promised to a buyer."""

    __tablename__ = "products"
    __table_args__ = (
        CheckConstraint(f"char_length(sku) BETWEEN 1 AND {SKU_LENGTH}", name="sku_length"),
        CheckConstraint(f"char_length(name) BETWEEN 1 AND {NAME_LENGTH}", name="name_length"),
        CheckConstraint(
            f"char_length(description) <= {DESCRIPTION_LENGTH}", name="description_length"
        ),
        CheckConstraint(f"price > 0 AND price < {PRICE_LIMIT}", name="price_range"),
        CheckConstraint("stock >= 0", name="stock_not_negative"),
    )

    sku: Mapped[str]
    name: Mapped[str]
    description: Mapped[str] = mapped_column(default="", server_default="")
    price: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    stock: Mapped[int] = mapped_column(default=0, server_default="0")
    active: Mapped[bool] = mapped_column(default=True, server_default=true())


Index(
    "uq_products_sku",
    Product.sku,
    unique=True,
    postgresql_where=Product.deleted_at.is_(None),
)
Index("ix_products_created_at_id", Product.created_at, Product.id)
Index("ix_products_name_id", Product.name, Product.id)
Index("ix_products_price_id", Product.price, Product.id)
