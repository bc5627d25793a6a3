"""Rows as the table takes them: grouped by their columns, with the values that Python makes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from sqlalchemy import ClauseElement, Column

from fastgres.errors import ConfigurationError
from fastgres.repository.columns import check_names, mapper_of, table_columns

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Dialect

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RowContext:
    """What a default function that asks for the rest of the row is given."""

    current_parameters: Row

    def get_current_parameters(self, isolate_multiinsert_params: bool = True) -> Row:  # noqa: ARG002, FBT001, FBT002  SQLAlchemy's signature
        """Return the row as it was given."""
        return self.current_parameters


def batches(rows: Iterable[Row], size: int) -> Iterator[list[Row]]:
    """Cut the rows into lists of at most `size`."""
    remaining = iter(rows)
    while batch := list(islice(remaining, size)):
        yield batch


def by_columns(model: type[Any], rows: Sequence[Row]) -> list[list[Row]]:
    """Group the rows that name the same columns; refuse names that are no columns."""
    groups: dict[frozenset[str], list[Row]] = {}
    for row in rows:
        groups.setdefault(frozenset(row), []).append(row)
    for names, group in groups.items():
        check_names(model, names)
        _check_plain(group[0])
    return list(groups.values())


def _check_plain(row: Row) -> None:
    for name, value in row.items():
        if isinstance(value, ClauseElement):
            raise ConfigurationError(
                f"{name} is the SQL expression {value}, and rows written in bulk hold values only. "
                "Give the value, make it a server default, or write the rows with `add`."
            )


def can_be_copied(model: type[Any], rows: Sequence[Row]) -> bool:
    """Tell whether COPY can write these rows: into one table, without defaults made by SQL."""
    mapper = mapper_of(model)
    if len(mapper.tables) > 1 or mapper.polymorphic_on is not None:
        return False
    columns = table_columns(model)
    left_out = (column for name, column in columns.items() if name not in rows[0])
    return not any(_has_sql_default(column) for column in left_out)


def _has_sql_default(column: Column[Any]) -> bool:
    default = column.default
    return default is not None and not (default.is_scalar or default.is_callable)


def records(
    model: type[Any], rows: Sequence[Row], dialect: Dialect
) -> tuple[list[str], Iterator[tuple[Any, ...]]]:
    """Return the names of the table's columns, and the rows as tuples that asyncpg can send.

    Values are prepared by the same bind processors that an INSERT has; a column that no row
    names gets the default that Python makes, or is left to the server.
    """
    columns = table_columns(model)
    made = {name for name, column in columns.items() if column.default is not None}
    names = [name for name in columns if name in rows[0] or name in made]
    getters = [_getter(name, columns[name], dialect, given=name in rows[0]) for name in names]
    tuples = (tuple([get(row) for get in getters]) for row in rows)
    return [columns[name].name for name in names], tuples


def _getter(
    name: str, column: Column[Any], dialect: Dialect, *, given: bool
) -> Callable[[Row], Any]:
    """Return what makes the value of one column from a row; called for every value copied."""
    read = itemgetter(name) if given else _default(column.default)
    process = column.type.dialect_impl(dialect).bind_processor(dialect)
    return read if process is None else lambda row: process(read(row))


def _default(default: Any) -> Callable[[Row], Any]:
    if default.is_callable:
        return lambda row: default.arg(RowContext(row))
    return lambda _row: default.arg
