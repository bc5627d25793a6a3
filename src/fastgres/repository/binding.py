"""A query model bound to a mapped class: every filter and sort has found its column."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import Enum

from fastgres.errors import ConfigurationError
from fastgres.repository.columns import attribute, comparable, python_type
from fastgres.repository.filtering import (
    TEXT_OPERATORS,
    bound,
    condition_on,
    named,
    nullness,
    prepared,
)
from fastgres.repository.ordering import Ordering
from fastgres.repository.values import check_value

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import InstrumentedAttribute
    from sqlalchemy.types import TypeEngine

    from fastgres.repository.declaration import DeclaredFilter
    from fastgres.repository.query import ListQuery

Shape = tuple[bool | None, ...]
"""Which filters of a query are set: None, or True, or for `is_null` what it asks for."""


@dataclass(frozen=True, slots=True)
class BoundFilter:
    """A declared filter, the column it compares, and the name of its parameter."""

    declared: DeclaredFilter
    column: InstrumentedAttribute[Any]
    type: TypeEngine[Any]
    field: str
    name: str | None
    """None for `is_null`: it compares with nothing."""

    @classmethod
    def of(cls, declared: DeclaredFilter, column: InstrumentedAttribute[Any]) -> BoundFilter:
        """Bind a filter to its column."""
        name = None if declared.operator == "is_null" else f"filter_{declared.field}"
        return cls(declared, column, column.type, declared.field, name)

    def value(self, given: Any) -> Any:
        """Return the value of the parameter; raise 422 for what no column can hold."""
        check_value(given, self.type, self.declared.parameter)
        return prepared(self.declared.operator, given)


@dataclass(frozen=True, slots=True)
class BoundQuery:
    """The columns of a query model's filters, and the orderings of its sorts.

    A statement that is made once for all queries of a `shape` has `template_conditions`, and is
    run with the `values` of each.
    """

    filters: tuple[BoundFilter, ...]
    orderings: dict[str, Ordering]

    def shape(self, query: ListQuery) -> Shape:
        """Tell which filters are set."""
        given = [(each.name, getattr(query, each.field)) for each in self.filters]
        return tuple([value if value is None or name is None else True for name, value in given])

    def values(self, query: ListQuery) -> dict[str, Any]:
        """Return the parameters of the filters that are set; raise 422 for absurd values."""
        found = {}
        for each in self.filters:
            given = getattr(query, each.field)
            if given is not None and each.name is not None:
                found[each.name] = each.value(given)
        return found

    def template_conditions(self, shape: Shape) -> list[ColumnElement[bool]]:
        """Return the conditions of all queries of this shape, their parameters by name only."""
        return self._conditions(
            shape, lambda name, each: named(each.column, name, operator=each.declared.operator)
        )

    def conditions(self, query: ListQuery) -> list[ColumnElement[bool]]:
        """Return the conditions of the filters that are set; raise 422 for absurd values."""
        values = self.values(query)
        return self._conditions(
            self.shape(query),
            lambda name, each: bound(each.column, values[name], operator=each.declared.operator),
        )

    def _conditions(
        self, shape: Shape, parameter: Callable[[str, BoundFilter], ColumnElement[Any]]
    ) -> list[ColumnElement[bool]]:
        return [
            nullness(each.column, null=set_to)
            if each.name is None
            else condition_on(each.column, each.declared.operator, parameter(each.name, each))
            for each, set_to in zip(self.filters, shape, strict=True)
            if set_to is not None
        ]

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
    filters = tuple(
        BoundFilter.of(each, _column(model, query, each)) for each in declaration.filters
    )
    return BoundQuery(filters, _Orderings(model, declaration.sorts))


def _column(
    model: type[Any], query: type[ListQuery], declared: DeclaredFilter
) -> InstrumentedAttribute[Any]:
    column = attribute(model, declared.column)
    kind = python_type(column)
    if declared.operator == "is_null" or kind is None:
        return column
    if declared.operator in TEXT_OPERATORS and (kind is not str or isinstance(column.type, Enum)):
        raise ConfigurationError(
            f"{query.__name__}.{declared.field} filters {column} with {declared.operator!r}, "
            f"which needs a column of text and not of {column.type!r}. Use 'eq' or 'in'."
        )
    strange = sorted(each.__name__ for each in declared.types if not comparable(each, kind))
    if strange:
        raise ConfigurationError(
            f"{query.__name__}.{declared.field} is annotated {', '.join(strange)}, but {column} "
            f"holds {kind.__name__}: PostgreSQL would refuse the values. Annotate the field with "
            f"`{kind.__name__} | None`."
        )
    return column
