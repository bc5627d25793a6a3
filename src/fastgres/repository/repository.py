"""The repository: everything a service does with the rows of one mapped class."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastgres.repository.bulk import BulkWriting
from fastgres.repository.columns import check_names
from fastgres.repository.creating import Creating
from fastgres.repository.entity import Model
from fastgres.repository.locking import Locking
from fastgres.repository.mass import MassWriting
from fastgres.repository.paging import Paging
from fastgres.repository.reading import Reading
from fastgres.repository.transition import Transitions
from fastgres.repository.upserting import Upserting


class Repository(
    Reading[Model],
    Paging[Model],
    Creating[Model],
    BulkWriting[Model],
    MassWriting[Model],
    Upserting[Model],
    Locking[Model],
    Transitions[Model],
):
    """Read and write the rows of one mapped class through a session.

    Make a class for each mapped class, named in brackets, and add the service's own queries to
    it. A repository flushes and never commits: the unit of work belongs to the service (`create`
    alone is one of its own where none is open). What it can do stands in the classes it consists
    of, one concern each.

    Class attributes: `default_options` (loader options of every read), `queries` (query models
    to check at start-up), `state_column` (for `transition`), `scoped_by` (columns whose values
    a repository is made with and which no method can leave out).

    ```python
    from sqlalchemy.orm import selectinload
    from fastgres.repository import Repository
    from shop.models import Customer, Order

    class OrderRepository(Repository[Order]):
        default_options = (selectinload(Order.items),)
        scoped_by = ("customer_id",)

        async def large(self) -> list[Order]:
            return await self.list(Order.total > 1000, limit=100)

    ada = Customer(email="ada@x.org", name="Ada")
    session.add(ada)
    await session.flush()
    orders = OrderRepository(session, customer_id=ada.id)
    order = await orders.add(Order(total=2000))
    assert order.customer_id == ada.id
    assert await orders.large() == [order]
    ```
    """


def check_repositories() -> None:
    """Check `queries` and `scoped_by` of every repository class, as a service's start should.

    Raises `ConfigurationError` for the first filter, sort or scope that names no column. Only
    classes that are imported can be checked.

    ```python
    from fastgres.repository import check_repositories

    check_repositories()
    ```
    """
    for repository in _descendants(Repository):
        if hasattr(repository, "model"):
            check_names(repository.model, repository.scoped_by)
        if repository.queries:
            repository.check()


def _descendants(cls: type[Repository[Any]]) -> Iterator[type[Repository[Any]]]:
    for child in cls.__subclasses__():
        yield child
        yield from _descendants(child)
