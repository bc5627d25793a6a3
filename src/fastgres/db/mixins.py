"""Columns that most tables share."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.orm import Mapped, mapped_column

from fastgres.db.identifiers import uuid7


class UUIDv7Key:
    """Give a table the primary key `id`, a UUID version 7 made by the client.

    ```python
    from shop.models import Customer

    customer = Customer(email="ada@example.com", name="Ada")
    session.add(customer)
    await session.flush()
    assert customer.id.version == 7
    ```
    """

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7, sort_order=-10)


class Timestamps:
    """Give a table `created_at` and `updated_at`, both from the server's clock.

    Both are the time at which the transaction began. `updated_at` follows every UPDATE made
    through SQLAlchemy, also of many rows; it does not follow SQL written by hand.

    ```python
    from shop.models import Customer

    customer = Customer(email="ada@example.com", name="Ada")
    session.add(customer)
    await session.flush()
    assert customer.created_at == customer.updated_at
    ```
    """

    created_at: Mapped[dt.datetime] = mapped_column(server_default=func.now(), sort_order=100)
    updated_at: Mapped[dt.datetime] = mapped_column(
        server_default=func.now(), onupdate=func.now(), sort_order=101
    )


class SoftDelete:
    """Give a table `deleted_at`; a row that has it is left out of every ORM statement.

    Left out of selects, nested loads, and updates and deletes of many rows, through a `Session`
    of fastgres. `include_deleted(statement)` is the way to see them. A unique value should be
    unique among the living: make its index partial (`postgresql_where=deleted_at IS NULL`).

    ```python
    from sqlalchemy import func, select
    from shop.models import Customer

    customer = Customer(email="ada@example.com", name="Ada")
    session.add(customer)
    customer.deleted_at = func.now()
    await session.flush()
    assert await session.scalar(select(Customer).where(Customer.id == customer.id)) is None
    ```
    """

    deleted_at: Mapped[dt.datetime | None] = mapped_column(default=None, sort_order=102)
