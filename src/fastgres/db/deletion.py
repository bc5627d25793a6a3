"""Rows marked as deleted stay out of every ORM statement unless asked for by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from sqlalchemy.orm import with_loader_criteria

from fastgres.db.exists import (
    LEFT_OUT,
    leave_deleted_out_of_condition,
    leave_deleted_out_of_exists,
)
from fastgres.db.mixins import SoftDelete

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import ORMExecuteState
    from sqlalchemy.sql.base import Executable

S = TypeVar("S", bound="Executable")

_INCLUDE_DELETED = "fastgres_include_deleted"
_ONLY_LIVING = with_loader_criteria(
    SoftDelete, lambda cls: cls.deleted_at.is_(None), include_aliases=True
)


def include_deleted(statement: S) -> S:
    """Return the statement with soft-deleted rows in sight, nested loads included.

    ```python
    from sqlalchemy import select
    from fastgres.db import include_deleted
    from shop.models import Customer

    everyone = await session.scalars(include_deleted(select(Customer)))
    ```
    """
    return statement.execution_options(**{_INCLUDE_DELETED: True})


def only_living(statement: S) -> S:
    """Return a statement that leaves soft-deleted rows out without a session's help.

    As a `Session` does it: of every entity, those in subqueries included. Conditions with an
    EXISTS pass through `living_condition` first.

    ```python
    from sqlalchemy import select
    from fastgres.db import only_living
    from shop.models import Customer

    assert "deleted_at IS NULL" in str(only_living(select(Customer.id)))
    ```
    """
    return statement.options(_ONLY_LIVING)


def living_condition(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return a condition whose EXISTS leave soft-deleted rows out, for `only_living`.

    ```python
    from fastgres.db import living_condition
    from shop.models import Customer, Order

    condition = living_condition(Order.customer.has(Customer.name == "Ada"))
    ```
    """
    return leave_deleted_out_of_condition(condition) if LEFT_OUT else condition


def leave_out_deleted(state: ORMExecuteState) -> None:
    """Add the criterion to a statement; listens to `do_orm_execute`.

    Loads of columns and relationships inherit the criterion of the statement they belong to.
    """
    if state.execution_options.get(_INCLUDE_DELETED, False):
        return
    if state.is_column_load or state.is_relationship_load:
        return
    if state.is_select or state.is_update or state.is_delete:
        if LEFT_OUT:
            state.statement = leave_deleted_out_of_exists(state.statement)
        state.statement = state.statement.options(_ONLY_LIVING)
