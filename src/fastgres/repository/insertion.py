"""What an INSERT of one row of a mapped class consists of, as the ORM would write it.

And where it would not be the same, because Python has a hand in it: the reason why.
"""

from __future__ import annotations

import inspect as signatures
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Column, Insert, Table, bindparam, insert

from fastgres.db import Constraints
from fastgres.repository.columns import mapper_of, table_columns

if TYPE_CHECKING:
    from sqlalchemy.orm import Mapper

Maker = Callable[[Any], Any]

_NOTHING: Final = object()
_POSITIONAL: Final = {
    signatures.Parameter.POSITIONAL_ONLY,
    signatures.Parameter.POSITIONAL_OR_KEYWORD,
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One column of the row: what it gets when no value is given for it.

    `make` makes Python's default. `left_out`: the server has one. Otherwise NULL is written, as
    the ORM does. `takes_none`: None is a value of its own, as in JSON.
    """

    name: object
    parameter: str
    column: Column[Any]
    make: Maker | None
    left_out: bool
    takes_none: bool

    @classmethod
    def of(cls, name: object, column: Column[Any], number: int) -> Cell:
        """Look at a column's defaults."""
        default: Any = column.default
        make: Maker | None = None
        if default is not None and default.is_callable:
            make = default.arg
        elif default is not None and default.is_scalar:
            make = _constant(default.arg)
        by_server = default is not None or column.server_default is not None or column.primary_key
        takes_none = column.type.should_evaluate_none
        left_out = make is None and (by_server or takes_none)
        return cls(name, f"new_{number}", column, make, left_out, takes_none)


@dataclass(frozen=True, slots=True)
class Values:
    """The values of one row by their parameters; `shape` names those that might be left out."""

    shape: tuple[str, ...]
    arguments: dict[str, Any]


class Insertion:
    """The columns of a mapped class and their defaults, worked out once."""

    def __init__(self, mapper: Mapper[Any]) -> None:
        self._mapper = mapper
        self._columns = table_columns(mapper.class_)
        self._attributes = [getattr(mapper.class_, name) for name in self._columns]
        table: Any = mapper.local_table
        self.why = _hand_of_python(mapper)
        self._cells: tuple[Cell, ...] = ()
        if self.why is None:
            names: dict[Column[Any], object] = {
                column: name for name, column in self._columns.items()
            }
            cells = [
                Cell.of(names.get(column, _NOTHING), column, number)
                for number, column in enumerate(table.columns)
            ]
            self._cells = tuple(each for each in cells if _is_written(each))
        self.constraints = Constraints(getattr(table, "metadata", mapper.registry.metadata))

    @staticmethod
    def of(model: type[Any]) -> Insertion:
        """Return what is worked out for a mapped class."""
        return _insertion(mapper_of(model))

    def knows(self, names: Mapping[str, object]) -> bool:
        """Tell whether all names are columns."""
        return names.keys() <= self._columns.keys()

    def listener(self) -> str | None:
        """Return which event of the class somebody listens for, as anybody may at any time."""
        manager = self._mapper.class_manager
        told = (
            ("before_insert", self._mapper.dispatch.before_insert),
            ("after_insert", self._mapper.dispatch.after_insert),
            ("refresh_flush", manager.dispatch.refresh_flush),
        )
        for name, listeners in told:
            if listeners:
                return f"has a listener for {name}"
        if len(manager.dispatch.init) > 1:
            return "has a listener for init"
        if any(each.dispatch.set for each in self._attributes):
            return "has a listener for values that are set"
        return None

    def values(self, row: Mapping[str, Any]) -> Values:
        """Return what is to be written for a row, defaults of Python included."""
        shape: list[str] = []
        arguments: dict[str, Any] = {}
        for cell in self._cells:
            value = row.get(cell.name)  # type: ignore[call-overload]  # a column without a name is never given
            if value is None and not (cell.takes_none and cell.name in row):
                if cell.left_out:
                    continue
                if cell.make is not None:
                    value = cell.make(None)
            elif cell.left_out:
                shape.append(cell.parameter)
            arguments[cell.parameter] = value
        return Values(tuple(shape), arguments)

    def statement(self, shape: tuple[str, ...]) -> tuple[Insert, frozenset[str]]:
        """Return the INSERT of the rows of a shape, and the names of its parameters."""
        written = [each for each in self._cells if not each.left_out or each.parameter in shape]
        given = {
            each.column: bindparam(each.parameter, None, type_=each.column.type, required=False)
            for each in written
        }
        table: Any = self._mapper.local_table
        return insert(table).values(given), frozenset(each.parameter for each in written)


@cache
def _insertion(mapper: Mapper[Any]) -> Insertion:
    return Insertion(mapper)


def _constant(value: Any) -> Maker:
    return lambda _: value


def _is_written(cell: Cell) -> bool:
    """Leave out the columns that are not mapped, unless Python has a default for them."""
    return cell.name is not _NOTHING or cell.make is not None


def _hand_of_python(mapper: Mapper[Any]) -> str | None:
    """Return why the ORM is needed to insert rows of a class, whoever listens."""
    table, cls = mapper.local_table, mapper.class_
    if not isinstance(table, Table) or len(mapper.tables) > 1 or mapper.inherits is not None:
        return "is not mapped to one table of its own"
    own_init = mapper.class_manager.original_init is not mapper.registry.constructor
    found = {
        "is part of a hierarchy of mapped classes": mapper.polymorphic_on is not None,
        "counts the versions of its rows": mapper.version_id_col is not None,
        "has values that @validates looks at": bool(mapper.validators),
        "has an __init__ of its own": own_init,
        "has a __setattr__ of its own": _has_own(cls, "__setattr__"),
        "has a __new__ of its own": _has_own(cls, "__new__"),
        "has attributes of several columns": any(len(e.columns) > 1 for e in mapper.column_attrs),
    }
    reasons = [why for why, is_so in found.items() if is_so]
    return next(chain(reasons, filter(None, map(_hand_in_column, table.columns))), None)


def _has_own(cls: type[Any], name: str) -> bool:
    return getattr(cls, name) is not getattr(object, name)


def _hand_in_column(column: Column[Any]) -> str | None:
    default: Any = column.default
    if default is not None:
        known = default.is_callable or default.is_scalar or default.is_clause_element
        if not known and not default.is_sequence:
            return f"has a default for {column.key} that only SQLAlchemy knows"
        if default.is_callable and _takes_context(default.arg):
            return f"makes {column.key} from the other values of its row"
    if column.type.column_expression(column) is not None:
        return f"reads {column.key} by an expression of its type"
    return None


def _takes_context(make: Maker) -> bool:
    """Tell whether a default looks at the row; SQLAlchemy wraps those that do not."""
    try:
        parameters = signatures.signature(make).parameters.values()
    except (TypeError, ValueError):
        return not hasattr(make, "__wrapped__")
    positional = [each for each in parameters if each.kind in _POSITIONAL]
    return any(each.default is each.empty for each in positional)
