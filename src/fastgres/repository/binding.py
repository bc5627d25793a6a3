"""A query model bound to a mapped class: every filter and sort has found its column."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum as PythonEnum
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Enum, TypeDecorator

from fastgres.errors import ConfigurationError
from fastgres.repository.columns import attribute
from fastgres.repository.filtering import TEXT_OPERATORS, condition
from fastgres.repository.ordering import Ordering
from fastgres.repository.values import check_value

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import InstrumentedAttribute

    from fastgres.repository.declaration import DeclaredFilter
    from fastgres.repository.query import ListQuery

_TAKES: Final[dict[type, tuple[type, ...]]] = {
    float: (float, int, Decimal),
    Decimal: (Decimal, int, float),
    dt.date: (dt.date,),
    int: (int,),
}
"""What may be compared with a column of this Python type, where subclasses are not the answer."""


@dataclass(frozen=True, slots=True)
class BoundQuery:
    """The columns of a query model's filters, and the orderings of its sorts."""

    filters: tuple[tuple[DeclaredFilter, InstrumentedAttribute[Any]], ...]
    orderings: dict[str, Ordering]

    def conditions(self, query: ListQuery) -> list[ColumnElement[bool]]:
        """Return the conditions of the filters that are set; raise 422 for absurd values."""
        found = []
        for declared, column in self.filters:
            value = getattr(query, declared.field)
            if value is None:
                continue
            if declared.operator != "is_null":
                check_value(value, column.type, declared.parameter)
            values = list(value) if isinstance(value, (set, frozenset, tuple)) else value
            found.append(condition(column, declared.operator, values))
        return found

    def ordering(self, query: ListQuery) -> Ordering:
        """Return the order that the query asks for."""
        asked = getattr(query, "sort", None) or ""
        return self.orderings[asked if isinstance(asked, str) else ",".join(dict.fromkeys(asked))]


class _Orderings(dict[str, Ordering]):
    """The declared sorts; those that a list of sorts combines are read when they are met."""

    def __init__(self, model: type[Any], sorts: tuple[str, ...]) -> None:
        super().__init__({sort: Ordering.parse(model, sort) for sort in ("", *sorts)})
        self._model = model

    def __missing__(self, sort: str) -> Ordering:
        return Ordering.parse(self._model, sort)


@cache
def bind(model: type[Any], query: type[ListQuery]) -> BoundQuery:
    """Bind a query model to a mapped class; raise `ConfigurationError` where they do not fit."""
    declaration = query.declaration
    filters = tuple((each, _column(model, query, each)) for each in declaration.filters)
    return BoundQuery(filters, _Orderings(model, declaration.sorts))


def _column(
    model: type[Any], query: type[ListQuery], declared: DeclaredFilter
) -> InstrumentedAttribute[Any]:
    column = attribute(model, declared.column)
    kind = _python_type(column)
    if declared.operator == "is_null" or kind is None:
        return column
    if declared.operator in TEXT_OPERATORS and (kind is not str or isinstance(column.type, Enum)):
        raise ConfigurationError(
            f"{query.__name__}.{declared.field} filters {column} with {declared.operator!r}, "
            f"which needs a column of text and not of {column.type!r}. Use 'eq' or 'in'."
        )
    strange = sorted(each.__name__ for each in declared.types if not _comparable(each, kind))
    if strange:
        raise ConfigurationError(
            f"{query.__name__}.{declared.field} is annotated {', '.join(strange)}, but {column} "
            f"holds {kind.__name__}: PostgreSQL would refuse the values. Annotate the field with "
            f"`{kind.__name__} | None`."
        )
    return column


def _python_type(column: InstrumentedAttribute[Any]) -> type | None:
    """Return the type of the column's values; None where only the type itself knows it."""
    if isinstance(column.type, TypeDecorator):
        return None
    try:
        kind: type = column.type.python_type
    except NotImplementedError:
        return None
    return kind


def _comparable(field: type, column: type) -> bool:
    if column in _TAKES:
        return field in _TAKES[column]
    if issubclass(column, PythonEnum):
        return field is column
    return issubclass(field, column)
