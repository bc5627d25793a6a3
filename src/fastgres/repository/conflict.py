"""Which unique index an upsert can name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Index, PrimaryKeyConstraint, Table, UniqueConstraint, text

from fastgres.errors import ConfigurationError
from fastgres.repository.columns import mapper_of

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement


@dataclass(frozen=True, slots=True)
class ConflictTarget:
    """The columns of a unique index, and its condition when it is partial."""

    columns: tuple[Column[Any], ...]
    where: ColumnElement[bool] | None = None


def conflict_target(model: type[Any], columns: Sequence[Column[Any]]) -> ConflictTarget:
    """Return the unique constraint or index on exactly these columns.

    PostgreSQL refuses `ON CONFLICT` on columns that no unique index covers, at run time.
    """
    table = mapper_of(model).local_table
    targets = list(_unique(table)) if isinstance(table, Table) else []
    for target in targets:
        if set(target.columns) == set(columns):
            return target
    raise ConfigurationError(
        f"No unique index of {table} is on ({_names(columns)}), so that ON CONFLICT cannot name "
        f"these columns. There are: {'; '.join(f'({_names(each.columns)})' for each in targets)}. "
        "Take one of them, or add a UniqueConstraint and a migration."
    )


def _unique(table: Table) -> Iterator[ConflictTarget]:
    for constraint in table.constraints:
        if isinstance(constraint, (PrimaryKeyConstraint, UniqueConstraint)):
            yield ConflictTarget(tuple(constraint.columns))
    for index in table.indexes:
        if index.unique and all(isinstance(each, Column) for each in index.expressions):
            yield ConflictTarget(tuple(index.columns), _condition(index))


def _condition(index: Index) -> Any:
    condition = index.dialect_options["postgresql"].get("where")
    return text(condition) if isinstance(condition, str) else condition


def _names(columns: Iterable[Column[Any]]) -> str:
    return ", ".join(column.key for column in columns)
