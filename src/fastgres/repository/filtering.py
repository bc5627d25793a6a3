"""One declared filter: which column it compares, and how."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

from sqlalchemy import Float, Numeric, all_, any_, bindparam, literal, or_
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.operators import like_op

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import BindParameter, ColumnElement
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


def condition_on(
    column: Any, operator: Operator, parameter: ColumnElement[Any]
) -> ColumnElement[bool]:
    """Return the comparison of a column with a parameter, whose value is not known here.

    `is_null` compares with nothing: see `nullness`.
    """
    made: ColumnElement[bool] = _CONDITIONS[operator](column, parameter)
    return made


def nullness(column: Any, *, null: bool) -> ColumnElement[bool]:
    """Select the rows that have no value, or those that have one."""
    made: ColumnElement[bool] = column.is_(None) if null else column.is_not(None)
    return made


def prepared(operator: Operator, value: Any) -> Any:
    """Return the value as the condition's parameter takes it: wildcards escaped, sets as lists."""
    prepare = _PREPARED.get(operator)
    return value if prepare is None else prepare(value)


def parameter_type(column: Any, operator: Operator) -> TypeEngine[Any]:
    """Return the type of the parameter that the column is compared with."""
    kind: TypeEngine[Any] = column.type
    if operator in TEXT_OPERATORS:
        return kind.coerce_compared_value(like_op, "")
    return ARRAY(_comparable(kind)) if operator in LIST_OPERATORS else _comparable(kind)


def bound(column: Any, value: object, *, operator: Operator = "eq") -> ColumnElement[Any]:
    """Return the value as a parameter that compares with the column."""
    return literal(value, parameter_type(column, operator))


def named(column: Any, name: str, *, operator: Operator = "eq") -> BindParameter[Any]:
    """Return a parameter that compares with the column and gets its value later, by its name."""
    return bindparam(name, None, type_=parameter_type(column, operator), required=False)


def one_of(column: Any, values: list[Any]) -> ColumnElement[bool]:
    """Compare with any of the values: one bound array, one prepared statement for all lengths."""
    return condition_on(column, "in", bound(column, values, operator="in"))


def _comparable(kind: TypeEngine[Any]) -> TypeEngine[Any]:
    """Return the column's type without a scale, to which the parameter would be rounded.

    A price of `numeric(12, 2)` is not 1.00 because somebody asks for 1.004.
    """
    return Numeric() if isinstance(kind, Numeric) and not isinstance(kind, Float) else kind


def _escaped(value: str) -> str:
    """Escape the wildcards of LIKE; the backslash is PostgreSQL's escape unless told otherwise."""
    return value.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


_CONDITIONS: Final[dict[Operator, Callable[[Any, Any], ColumnElement[bool]]]] = {
    "eq": lambda column, parameter: column == parameter,
    "ne": lambda column, parameter: column.is_distinct_from(parameter),
    "lt": lambda column, parameter: column < parameter,
    "le": lambda column, parameter: column <= parameter,
    "gt": lambda column, parameter: column > parameter,
    "ge": lambda column, parameter: column >= parameter,
    "in": lambda column, parameter: column == any_(parameter),
    "not_in": lambda column, parameter: or_(column != all_(parameter), column.is_(None)),
    "contains": lambda column, parameter: column.like(parameter),
    "icontains": lambda column, parameter: column.ilike(parameter),
    "starts_with": lambda column, parameter: column.like(parameter),
    "istarts_with": lambda column, parameter: column.ilike(parameter),
}
_PREPARED: Final[dict[Operator, Callable[[Any], Any]]] = {
    "in": list,
    "not_in": list,
    "contains": lambda value: f"%{_escaped(value)}%",
    "icontains": lambda value: f"%{_escaped(value)}%",
    "starts_with": lambda value: f"{_escaped(value)}%",
    "istarts_with": lambda value: f"{_escaped(value)}%",
}
