"""The repository: everything a service does with the rows of one mapped class."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastgres.repository.bulk import BulkWriting
from fastgres.repository.entity import Model
from fastgres.repository.locking import Locking
from fastgres.repository.mass import MassWriting
from fastgres.repository.paging import Paging
from fastgres.repository.reading import Reading
from fastgres.repository.transition import Transitions
from fastgres.repository.upserting import Upserting
from fastgres.repository.writing import Writing


class Repository(
    Reading[Model],
    Paging[Model],
    Writing[Model],
    BulkWriting[Model],
    MassWriting[Model],
    Upserting[Model],
    Locking[Model],
    Transitions[Model],
):
    """Read and write the rows of one mapped class through a session.

    Make a class for each mapped class, named in brackets, and add the service's own queries to
    it. A repository flushes and never commits: the unit of work belongs to the service. What it
    can do stands in the classes it consists of, one concern each.

    Class attributes: `default_options` (loader options of every read), `queries` (query models
    to check at start-up), `state_column` (for `transition`).

    ```python
    from sqlalchemy.orm import selectinload
    from fastgres.repository import Repository
    from shop.models import Order

    class OrderRepository(Repository[Order]):
        default_options = (selectinload(Order.items),)

        async def of_customer(self, customer_id: object) -> list[Order]:
            return await self.list(Order.customer_id == customer_id, limit=100)

    orders = OrderRepository(session)
    assert await orders.count() >= 0
    ```
    """


def check_repositories() -> None:
    """Check the `queries` of every repository class, as the start of a service should.

    Raises `ConfigurationError` for the first filter or sort that names no column. Only classes
    that are imported can be checked.

    ```python
    from fastgres.repository import check_repositories

    check_repositories()
    ```
    """
    for repository in _descendants(Repository):
        if repository.queries:
            repository.check()


def _descendants(cls: type[Repository[Any]]) -> Iterator[type[Repository[Any]]]:
    for child in cls.__subclasses__():
        yield child
        yield from _descendants(child)
