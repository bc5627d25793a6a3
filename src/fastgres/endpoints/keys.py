"""Which column each path parameter means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import PrimaryKeyConstraint, Table, UniqueConstraint, inspect

from fastgres.errors import ConfigurationError, UnknownNameError
from fastgres.reads import key_attributes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from sqlalchemy import Column
    from sqlalchemy.orm import Mapper


def key_columns(
    model: type[Any], path: str, names: Sequence[str], *, given: Mapping[str, str], one: bool
) -> dict[str, str]:
    """Return the column of each path parameter.

    Said by `given`, or by a column of the same name; the one that is left is the primary key when
    the route reads `one` row. Raises `ConfigurationError` for what cannot be told.
    """
    known = columns_of(model)
    for name, column in given.items():
        if name not in names:
            raise UnknownNameError(f"parameter of the path {path!r}", name, names)
        if column not in known:
            raise UnknownNameError(f"column of {model.__name__}", column, known)
    found = {name: given.get(name, name) for name in names}
    left = [name for name, column in found.items() if column not in known]
    primary = [each.key for each in key_attributes(model)]
    if one and len(left) == len(primary) == 1 and primary[0] not in found.values():
        found[left[0]] = primary[0]
    elif left:
        raise _undecided(model, path, left[0])
    return found


def check_unique(model: type[Any], path: str, columns: Collection[str]) -> None:
    """Raise `ConfigurationError` when several rows may have the same values of these columns."""
    mapper: Mapper[Any] = inspect(model)
    table = mapper.local_table
    if not isinstance(table, Table):
        return
    given = {mapper.columns[name] for name in columns}
    if not any(each and given >= each for each in _unique_in(table)):
        raise ConfigurationError(
            f"The route {path!r} reads one {model.__name__} by {', '.join(columns) or 'nothing'}, "
            "which several rows may have. Add a unique constraint to the table, or answer with all "
            "of them: `router.list` or `router.page`."
        )


def _unique_in(table: Table) -> Iterator[set[Any]]:
    """Yield the columns of each uniqueness; a partial one counts, which soft deletion makes."""
    for constraint in table.constraints:
        if isinstance(constraint, (PrimaryKeyConstraint, UniqueConstraint)):
            yield set(constraint.columns)
    for index in table.indexes:
        if index.unique and len(index.columns) == len(index.expressions):
            yield set(index.columns)


def type_of(model: type[Any], column: str) -> Any:
    """Return the Python type of a column; `ConfigurationError` where only the column knows it."""
    kind = columns_of(model)[column].type
    try:
        found = kind.python_type
    except NotImplementedError:
        found = object
    if found is object:
        raise ConfigurationError(
            f"{model.__name__}.{column} is of the type {kind!r}, which does not say what Python "
            "type its values have, so no path parameter can be read as one. Write an ordinary "
            "handler for this route."
        )
    return found


def columns_of(model: type[Any]) -> dict[str, Column[Any]]:
    """Return the columns by their names in the class; does not configure any mapper yet."""
    mapper: Mapper[Any] = inspect(model)
    return dict(mapper.columns.items())


def _undecided(model: type[Any], path: str, name: str) -> ConfigurationError:
    return ConfigurationError(
        f"The path {path!r} has the parameter {name!r}, and {model.__name__} has no column of that "
        "name, so it cannot be told which rows are meant. Name the parameter like the column, or "
        f'write `keys={{"{name}": "..."}}`.'
    )
