"""The rows that a repository is confined to: those whose columns have the values given to it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sqlalchemy import ClauseElement

from fastgres.errors import ConfigurationError, FieldProblem, ScopeError, UnknownNameError
from fastgres.repository.columns import (
    attribute,
    check_names,
    comparable,
    mapper_of,
    python_type,
)
from fastgres.repository.filtering import bound

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import InstrumentedAttribute, Mapper


@dataclass(frozen=True, slots=True)
class Scope:
    """Columns and the value that each must have; without any, every row is in scope.

    ```python
    from uuid import uuid4
    from fastgres.repository import Scope
    from shop.models import Order

    mine = Scope.of(Order, {"customer_id": uuid4()})
    assert mine and "customer_id" in mine.values
    ```
    """

    pairs: tuple[tuple[InstrumentedAttribute[Any], Any], ...] = ()

    @classmethod
    def of(cls, model: type[Any], values: Mapping[str, object]) -> Scope:
        """Make the scope of these columns; raise `ConfigurationError` for what cannot be one."""
        columns = _columns(mapper_of(model), tuple(values))
        for (column, kind), value in zip(columns, values.values(), strict=True):
            _check_value(column, kind, value)
        return cls(tuple((column, values[column.key]) for column, _ in columns))

    def __bool__(self) -> bool:
        return bool(self.pairs)

    @property
    def values(self) -> Mapping[str, Any]:
        """Return the values by the names of the columns."""
        return MappingProxyType({column.key: value for column, value in self.pairs})

    def conditions(self) -> list[ColumnElement[bool]]:
        """Return the conditions that select the rows in scope."""
        return [column == bound(column, value) for column, value in self.pairs]

    def check_changes(self, values: Mapping[str, object]) -> None:
        """Raise `ScopeError` when setting these values would take a row out of the scope."""
        for column, value in self.pairs:
            if column.key in values and not is_same(values[column.key], value):
                raise outside(column.key)

    def filled(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return the row to insert with the scope in the columns that it leaves open."""
        given = {name: value for name, value in row.items() if value is not None}
        self.check_changes(given)
        return {**row, **self.values}


def is_same(given: object, value: object) -> bool:
    """Tell whether this is the value of the scope; an SQL expression never is."""
    return (given == value) is True


def outside(name: str) -> ScopeError:
    """Return the error for a write that names another value than the scope's."""
    message = "No other value may be given here than the one that belongs to the caller."
    return ScopeError(
        f"{name} has a value that lies outside of what the caller may change.",
        fields=[FieldProblem(("body", name), ScopeError.code, message)],
    )


def check_declared(repository: str, declared: Collection[str], given: Collection[str]) -> None:
    """Refuse a scope that lacks a declared column, or has one that is not declared."""
    for name in given:
        if declared and name not in declared:
            raise UnknownNameError(f"scope of {repository}", name, declared)
    missing = [name for name in declared if name not in given]
    if missing:
        values = ", ".join(f"{name}=..." for name in declared)
        raise ConfigurationError(
            f"{repository} is scoped by {', '.join(declared)} and was made without "
            f"{', '.join(missing)}: it would see the rows of everybody. Write "
            f"`{repository}(session, {values})`, or `{repository}.unscoped(session)` where every "
            "row is meant."
        )


@cache
def _columns(
    mapper: Mapper[Any], names: tuple[str, ...]
) -> tuple[tuple[InstrumentedAttribute[Any], type | None], ...]:
    check_names(mapper.class_, names)
    columns = [attribute(mapper.class_, name) for name in names]
    return tuple((column, python_type(column)) for column in columns)


def _check_value(column: InstrumentedAttribute[Any], kind: type | None, value: object) -> None:
    if value is None:
        raise ConfigurationError(
            f"The scope {column} is None, which equals no value of a row, not even NULL: nothing "
            "would be found. Refuse the request before a repository is made for nobody."
        )
    expression = isinstance(value, ClauseElement) or hasattr(value, "__clause_element__")
    if expression or (kind is not None and not comparable(type(value), kind)):
        raise ConfigurationError(
            f"The scope {column} is {value!r}, of type {type(value).__name__}"
            f"{f', and the column holds {kind.__name__}' if kind else ''}: it would not be "
            "compared with the rows as it should. Pass the value itself, converted."
        )
