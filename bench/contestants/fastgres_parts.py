"""What both contestants of fastgres stand on: repositories, the query of a list, the settings."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from bench.contestants.models import Customer, Order, OrderItem, Product
from fastgres.repository import Filter, KeysetQuery, Repository


class OrderQuery(KeysetQuery):
    """What a list of orders may be filtered and sorted by."""

    status: str | None = None
    total_min: Annotated[Decimal | None, Filter("ge", column="total")] = None
    until: Annotated[datetime | None, Filter("le", column="created_at")] = None
    sort: Literal["-created_at", "-total"] = "-created_at"


class CustomerRepository(Repository[Customer]):
    """Customers."""


class OrderRepository(Repository[Order]):
    """Orders."""

    queries = (OrderQuery,)


class ProductRepository(Repository[Product]):
    """What is for sale."""


class ItemRepository(Repository[OrderItem]):
    """Lines of orders."""
