"""Writing one entity at a time: nothing here commits, everything is flushed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ClauseElement, func

from fastgres.db import SoftDelete
from fastgres.errors import ConfigurationError
from fastgres.repository.belonging import admit, belongs, check_flushed, identity
from fastgres.repository.columns import check_names, key_conditions, primary_key
from fastgres.repository.entity import EntityAccess, Model


class Writing(EntityAccess[Model]):
    """The writes of a repository to one entity; the service's unit of work commits them."""

    async def add(self, entity: Model) -> Model:
        """Insert the entity and return it, with the values that the server has made.

        Columns of the repository's scope that it leaves open get the scope's values. Raises
        `ScopeError` (403) when it has others, also by a relationship.

        ```python
        from fastgres.repository import Repository
        from shop.models import Customer

        class CustomerRepository(Repository[Customer]): ...

        async with session.begin():
            ada = await CustomerRepository(session).add(Customer(email="ada@x.org", name="Ada"))
        assert ada.created_at is not None
        ```
        """
        await self._check_row(entity)
        admit(entity, self._scope)
        self.session.add(entity)
        await self.session.flush()
        check_flushed(entity, self._scope)
        return entity

    async def update(self, entity: Model, values: Mapping[str, Any]) -> Model:
        """Set the named columns of the entity and return it.

        `values` is what `body.model_dump(exclude_unset=True)` returns; a value may be an SQL
        expression (`{"stock": Product.stock - 1}`), which costs one more query to read back.
        Raises `UnknownNameError` for a name that is no column; the primary key and relationships
        cannot be set. An entity outside the repository's scope is not found (`NotFoundError`),
        and cannot be taken out of the scope (`ScopeError`, 403).

        ```python
        from fastgres.repository import Repository
        from shop.models import Customer

        class CustomerRepository(Repository[Customer]): ...

        customers = CustomerRepository(session)
        ada = await customers.add(Customer(email="ada@x.org", name="Ada"))
        await customers.update(ada, {"name": "Ada Lovelace"})
        assert ada.name == "Ada Lovelace"
        ```
        """
        check_changes(self.model, values)
        return await self._set(entity, values)

    async def delete(self, entity: Model) -> None:
        """Delete the row, also of a class with `SoftDelete`; cascades as the models say.

        Raises `NotFoundError` for an entity outside the repository's scope.
        """
        await self._check_row(entity)
        await self.session.delete(entity)
        await self.session.flush()

    async def soft_delete(self, entity: Model) -> Model:
        """Mark the row as deleted, by the server's clock; once marked, the time stays.

        ```python
        from fastgres.repository import Repository
        from shop.models import Customer

        class CustomerRepository(Repository[Customer]): ...

        customers = CustomerRepository(session)
        ada = await customers.add(Customer(email="ada@x.org", name="Ada"))
        await customers.soft_delete(ada)
        assert await customers.find(ada.id) is None
        await customers.restore(await customers.get(ada.id, include_deleted=True))
        assert await customers.find(ada.id) is ada
        ```
        """
        await self._check_row(entity)
        if _soft_deletable(entity).deleted_at is not None:
            return entity
        return await self._set(entity, {"deleted_at": func.now()})

    async def restore(self, entity: Model) -> Model:
        """Take the mark of `soft_delete` away; `get(key, include_deleted=True)` finds the row.

        Raises `UniqueViolationError` (409) when a living row has taken a unique value meanwhile.
        """
        _soft_deletable(entity)
        return await self._set(entity, {"deleted_at": None})

    async def _set(self, entity: Model, values: Mapping[str, Any]) -> Model:
        await self._check_row(entity)
        self._scope.check_changes(values)
        admit(entity, self._scope)
        for name, value in values.items():
            setattr(entity, name, value)
        await self.session.flush()
        check_flushed(entity, self._scope)
        computed = [name for name, value in values.items() if isinstance(value, ClauseElement)]
        if computed:
            await self.session.refresh(entity, computed)
        return entity

    async def _check_row(self, entity: Model) -> None:
        """Raise `NotFoundError` for an entity whose row lies outside the scope."""
        key = identity(entity) if self._scope else None
        if key is None:
            return
        found = belongs(entity, self._scope)
        if found is None:
            row = self._select_keys(*key_conditions(self.model, key), include_deleted=True)
            with self.session.no_autoflush:
                found = (await self.session.execute(row)).first() is not None
        if not found:
            raise self._not_found([key])


def check_changes(model: type[Any], values: Mapping[str, object]) -> None:
    """Refuse names that are no columns, and the primary key."""
    check_names(model, values)
    keys = [column.key for column in primary_key(model) if column.key in values]
    if keys:
        raise ConfigurationError(
            f"The primary key of {model.__name__} cannot be changed, and {', '.join(keys)} is "
            "part of it: other rows may refer to it. Add a new row and delete the old one."
        )


def _soft_deletable(entity: object) -> SoftDelete:
    if not isinstance(entity, SoftDelete):
        name = type(entity).__name__
        raise ConfigurationError(
            f"{name} rows cannot be soft-deleted: the class lacks the mixin. Write "
            f"`class {name}(SoftDelete, ...)` and make a migration, or call `delete`."
        )
    return entity
