"""Inserting rows, or changing those that are there already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, and_
from sqlalchemy.dialects.postgresql import Insert, insert

from fastgres.db import SoftDelete
from fastgres.errors import (
    ConfigurationError,
    FieldProblem,
    InvalidValueError,
    UniqueViolationError,
)
from fastgres.repository.columns import check_names, table_columns
from fastgres.repository.conflict import ConflictTarget, conflict_target
from fastgres.repository.entity import EntityAccess, Model

if TYPE_CHECKING:
    from sqlalchemy.orm import InstrumentedAttribute

    from fastgres.repository.scope import Scope

Columns = Sequence["InstrumentedAttribute[Any]"]


class Upserting(EntityAccess[Model]):
    """INSERT ... ON CONFLICT."""

    async def upsert(
        self, rows: Sequence[Mapping[str, Any]], *, conflict: Columns, update: Columns
    ) -> list[Model]:
        """Insert the rows; where `conflict` says a row is there already, set `update` on it.

        Returns the entities inserted or changed, in no particular order. With an empty `update`
        a row that is there stays as it is and is not returned. All rows name the same columns.
        `conflict` must be the columns of a unique index; of a partial one, its condition is
        added. Columns that change with every update (`updated_at`) change here too.

        A row that was soft-deleted and is in the way comes back: its `deleted_at` is emptied,
        unless `update` names that column. With an empty `update` it stays deleted.

        Raises `ConfigurationError` when there is no such index, and `InvalidValueError` (422)
        when two of the rows are the same row. The repository's scope is filled in as for `add`;
        a row outside of it that is in the way is left as it is: with an empty `update` silently,
        like any other, else by raising `UniqueViolationError` (409).

        ```python
        from fastgres.repository import Repository
        from shop.models import Product

        class ProductRepository(Repository[Product]): ...

        products = ProductRepository(session)
        row = {"sku": "MUG-7", "name": "Mug", "price": 9, "stock": 3}
        (mug,) = await products.upsert([row], conflict=[Product.sku], update=[Product.price])
        (same,) = await products.upsert(
            [row | {"price": 8}], conflict=[Product.sku], update=[Product.price]
        )
        assert same is mug
        assert mug.price == 8
        ```
        """
        if not rows:
            return []
        rows = [self._scope.filled(row) for row in rows]
        columns = table_columns(self.model)
        target = conflict_target(self.model, [columns[each.key] for each in conflict])
        names = _common_names(self.model, rows)
        _check_given([*conflict, *update], names)
        ordered = _distinct(rows, [each.key for each in conflict])
        await self.session.flush()
        statement = _statement(
            self.model, target, update=[each.key for each in update], scope=self._scope
        )
        found = await self.session.scalars(
            statement.returning(self.model),
            ordered,
            execution_options={"populate_existing": True},
        )
        written = list(found)
        if update and self._scope and len(written) < len(ordered):
            raise _taken([each.key for each in conflict])
        return written


def _statement(
    model: type[Any], target: ConflictTarget, *, update: list[str], scope: Scope
) -> Insert:
    statement = insert(model)
    where: dict[str, Any] = {"index_elements": target.columns, "index_where": target.where}
    if not update:
        return statement.on_conflict_do_nothing(**where)
    columns = table_columns(model)
    changes: dict[Any, Any] = {
        columns[name]: statement.excluded[columns[name].key] for name in update
    }
    changes = _changed_with_every_update(columns) | _brought_back(model, columns) | changes
    only = and_(*scope.conditions()) if scope else None
    return statement.on_conflict_do_update(**where, set_=changes, where=only)


def _taken(names: list[str]) -> UniqueViolationError:
    """Return the error that an INSERT alone would have met."""
    message = "This value is already taken."
    return UniqueViolationError(
        f"{' and '.join(names)} {'are' if len(names) > 1 else 'is'} already taken.",
        fields=[FieldProblem(("body", name), "already_exists", message) for name in names],
    )


def _changed_with_every_update(columns: dict[str, Column[Any]]) -> dict[Any, Any]:
    """Return what SQLAlchemy sets in an UPDATE and leaves out of ON CONFLICT DO UPDATE."""
    changes: dict[Any, Any] = {}
    for column in columns.values():
        default: Any = column.onupdate
        if default is not None:
            changes[column] = default.arg(None) if default.is_callable else default.arg
    return changes


def _brought_back(model: type[Any], columns: dict[str, Column[Any]]) -> dict[Any, Any]:
    """Return what a soft-deleted row needs to be seen again by who has just written it."""
    return {columns["deleted_at"]: None} if issubclass(model, SoftDelete) else {}


def _common_names(model: type[Any], rows: Sequence[Mapping[str, Any]]) -> frozenset[str]:
    names = frozenset(rows[0])
    check_names(model, names)
    for row in rows:
        if frozenset(row) != names:
            raise ConfigurationError(
                f"The rows of an upsert name different columns: {sorted(names)} and "
                f"{sorted(row)}. Give every row the same ones, or upsert them apart."
            )
    return names


def _check_given(columns: Columns, names: frozenset[str]) -> None:
    for column in columns:
        if column.key not in names:
            raise ConfigurationError(
                f"The upsert needs {column}, which the rows do not give: they have "
                f"{', '.join(sorted(names))}. Add it to the rows."
            )


def _distinct(rows: Sequence[Mapping[str, Any]], conflict: list[str]) -> list[dict[str, Any]]:
    """Return the rows sorted by the conflict columns, so that two upserts lock in one order."""
    sorted_rows = sorted((dict(row) for row in rows), key=lambda row: _identity(row, conflict))
    for row, following in pairwise(sorted_rows):
        if _identity(row, conflict) == _identity(following, conflict):
            raise InvalidValueError(
                f"Two rows have the same {' and '.join(conflict)}; only one of them can be kept."
            )
    return sorted_rows


def _identity(row: Mapping[str, Any], conflict: list[str]) -> tuple[str, ...]:
    return tuple(str(row[name]) for name in conflict)
