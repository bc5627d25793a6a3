"""One declared filter: which column it compares, and how."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

from sqlalchemy import Float, Numeric, all_, any_, literal, or_
from sqlalchemy.dialects.postgresql import ARRAY

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import ColumnElement
    from sqlalchemy.types import TypeEngine

Operator = Literal[
    "eq",
    "ne",
    "lt",
    "le",
    "gt",
    "ge",
    "in",
    "not_in",
    "contains",
    "icontains",
    "starts_with",
    "istarts_with",
    "is_null",
    "custom",
]
TEXT_OPERATORS: Final = frozenset({"contains", "icontains", "starts_with", "istarts_with"})
LIST_OPERATORS: Final = frozenset({"in", "not_in"})


@dataclass(frozen=True, slots=True)
class Filter:
    r"""Say how a field of a query model filters the list.

    `column` names the attribute of the mapped class, by default the field's own name. A field
    without a `Filter` compares for equality; `Filter("custom")` leaves a field to the service.

    - `eq ne lt le gt ge`: comparisons. `ne` keeps rows that have no value.
    - `in not_in`: the field is a list, repeated in the URL. `not_in` keeps rows without a value.
    - `contains starts_with` and, in any case, `icontains istarts_with`: `%` and `_` stand for
      themselves.
    - `is_null`: the field is a bool.

    A field that is None does not filter.

    ```python
    from decimal import Decimal
    from typing import Annotated
    from fastgres.repository import Filter, KeysetQuery

    class ProductQuery(KeysetQuery):
        active: bool | None = None
        name: Annotated[str | None, Filter("icontains")] = None
        price_min: Annotated[Decimal | None, Filter("ge", column="price")] = None

    assert ProductQuery(price_min="9.50").price_min == Decimal("9.50")
    ```
    """

    operator: Operator = "eq"
    column: str | None = field(default=None, kw_only=True)


def condition(column: Any, kind: Operator, value: Any) -> ColumnElement[bool]:
    """Return the comparison of a column with a value, which is only ever a bound parameter."""
    made: ColumnElement[bool] = _CONDITIONS[kind](column, value)
    return made


def bound(column: Any, value: object) -> ColumnElement[Any]:
    """Return the value as a parameter that compares with the column."""
    return literal(value, _comparable_type(column))


def one_of(column: Any, values: list[Any]) -> ColumnElement[bool]:
    """Compare with any of the values: one bound array, one prepared statement for all lengths."""
    matches: ColumnElement[bool] = column == any_(_array(column, values))
    return matches


def _none_of(column: Any, values: list[Any]) -> ColumnElement[bool]:
    return or_(column != all_(_array(column, values)), column.is_(None))


def _array(column: Any, values: list[Any]) -> ColumnElement[Any]:
    return literal(values, ARRAY(_comparable_type(column)))


def _comparable_type(column: Any) -> TypeEngine[Any]:
    """Return the column's type without a scale, to which the parameter would be rounded.

    A price of `numeric(12, 2)` is not 1.00 because somebody asks for 1.004.
    """
    kind: TypeEngine[Any] = column.type
    return Numeric() if isinstance(kind, Numeric) and not isinstance(kind, Float) else kind


def _escaped(value: str) -> str:
    """Escape the wildcards of LIKE; the backslash is PostgreSQL's escape unless told otherwise."""
    return value.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


_CONDITIONS: Final[dict[Operator, Callable[[Any, Any], ColumnElement[bool]]]] = {
    "eq": lambda column, value: column == bound(column, value),
    "ne": lambda column, value: column.is_distinct_from(bound(column, value)),
    "lt": lambda column, value: column < bound(column, value),
    "le": lambda column, value: column <= bound(column, value),
    "gt": lambda column, value: column > bound(column, value),
    "ge": lambda column, value: column >= bound(column, value),
    "in": one_of,
    "not_in": _none_of,
    "contains": lambda column, value: column.like(f"%{_escaped(value)}%"),
    "icontains": lambda column, value: column.ilike(f"%{_escaped(value)}%"),
    "starts_with": lambda column, value: column.like(f"{_escaped(value)}%"),
    "istarts_with": lambda column, value: column.ilike(f"{_escaped(value)}%"),
    "is_null": lambda column, value: column.is_(None) if value else column.is_not(None),
}
