"""A caller's conditions taken apart: what shapes the statement, and the values in it.

SQLAlchemy's own cache of statements rests on the same key, for which it has no public name. This
module is the only one to use it; `tests/reads/test_given.py` fails when it changes.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BindParameter,
    BooleanClauseList,
    ClauseElement,
    ColumnElement,
    Exists,
    TextClause,
    and_,
    bindparam,
    true,
)
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import Grouping
from sqlalchemy.sql.operators import and_ as conjunction

from fastgres.db import living_condition
from fastgres.errors import ConfigurationError

if TYPE_CHECKING:
    from sqlalchemy.sql.visitors import ExternallyTraversible


@dataclass(frozen=True, slots=True)
class Given:
    """Conditions and an order as a caller wrote them.

    `key` is equal for conditions that differ in their values alone; None when that cannot be
    told, and the statement has to be compiled each time.

    ```python
    from fastgres.reads import Given
    from shop.models import Product

    few, many = (Given.of([Product.stock > number]) for number in (1, 100))
    assert few.key == many.key
    ```
    """

    where: tuple[Any, ...]
    order_by: tuple[Any, ...]
    key: Hashable | None
    values: Sequence[BindParameter[Any]]

    @classmethod
    def of(cls, where: Sequence[Any], order_by: Sequence[Any] = ()) -> Given:
        """Take conditions and order apart."""
        if not where and not order_by:
            return NOTHING_GIVEN
        conditions, order = _taken_apart(where), [_clause(each) for each in order_by]
        _check(conditions, order)
        key, values = _key_and_values(conditions, order)
        if key is None or not all(each.unique for each in values):
            conditions, order = _with_new_names(conditions), _with_new_names(order)
            key, values = _key_and_values(conditions, order)
        return cls(tuple(map(_grouped, conditions)), tuple(order), key, values)

    def living(self) -> Given:
        """Return the same with soft-deleted rows left out of every EXISTS."""
        if not self.where:
            return self
        where = tuple(living_condition(and_(true(), each)) for each in self.where)
        return Given.of(where, self.order_by)

    def takes_values_as(self, other: Given) -> bool:
        """Tell whether a statement made of the other can be run with the values of this one."""
        if self.key is None or other.key is None or len(self.values) != len(other.values):
            return False
        pairs = zip(self.values, other.values, strict=True)
        return all(mine.value is its.value for mine, its in pairs)


def _check(where: Iterable[Any], order_by: Iterable[Any]) -> None:
    """Refuse what is no SQL expression: a text, a mapped class, the outcome of a comparison."""
    for each in where:
        if not isinstance(each, ClauseElement):
            raise ConfigurationError(
                f"{each!r} is given as a condition and is no SQL expression, so it cannot say "
                "which rows are meant. Compare an attribute of the mapped class, as in "
                "`Order.status == 'paid'`; SQL of your own goes into `sqlalchemy.text(...)`."
            )
    for each in order_by:
        if not isinstance(each, ClauseElement):
            raise ConfigurationError(
                f"{each!r} is given in `order_by` and is no SQL expression, so nothing can be "
                "sorted by it. Name an attribute of the mapped class, as in "
                "`order_by=[Order.created_at.desc()]`."
            )


def _key_and_values(
    where: list[Any], order_by: list[Any]
) -> tuple[Hashable | None, Sequence[BindParameter[Any]]]:
    keys: list[Hashable] = []
    values: list[BindParameter[Any]] = []
    for clause in [*where, *order_by]:
        found = clause._generate_cache_key()  # noqa: SLF001 - see the module's docstring
        if found is None:
            return None, ()
        keys.append(found.key)
        values += found.bindparams
    if not all(getattr(each.type, "cache_ok", True) for each in values):
        return None, ()
    lengths = tuple([_length(each) for each in values if each.expanding])
    return (len(where), tuple(keys), lengths), values


def _length(expanding: BindParameter[Any]) -> Hashable:
    """Return how many parameters a list becomes; of a list of rows, in rows and columns."""
    items = expanding.effective_value or ()
    return len(items), next((len(each) for each in items if isinstance(each, (tuple, list))), 1)


def _with_new_names(parts: Iterable[Any]) -> list[Any]:
    """Rename the parameters that the caller has named: a read has names for its own."""
    return [visitors.replacement_traverse(part, {}, _with_new_name) for part in parts]


def _with_new_name(element: ExternallyTraversible, **_: Any) -> BindParameter[Any] | None:
    if not isinstance(element, BindParameter) or element.unique:
        return None
    value, required = element.effective_value, element.required
    if required and value is None:
        raise ConfigurationError(
            f"A condition has the parameter {element.key!r} and no value for it, so that it would "
            f"be compared with NULL and find nothing. Write `.bindparams({element.key}=...)`."
        )
    return bindparam(
        element.key,
        value,
        type_=element.type,
        unique=True,
        required=False,
        expanding=element.expanding,
        literal_execute=element.literal_execute,
    )


def _clause(part: Any) -> Any:
    """Return what SQLAlchemy makes of an attribute of a mapped class."""
    return part if isinstance(part, ClauseElement) else getattr(part, "expression", part)


def closed(where: Iterable[Any]) -> list[Any]:
    """Return a caller's conditions as they can stand beside others.

    SQLAlchemy puts no parentheses around SQL text, however deep it is in a condition, and an OR
    in it would undo what stands beside it. A conjunction is taken apart: it would be anyway, and
    its parentheses with it.

    ```python
    from fastgres.reads import closed
    from sqlalchemy import text

    (condition,) = closed([text("stock = 0 OR active")])
    assert str(condition) == "(stock = 0 OR active)"
    ```
    """
    return [_grouped(each) for each in _taken_apart(where)]


def _taken_apart(where: Iterable[Any]) -> list[Any]:
    conditions: list[Any] = []
    for each in map(_clause, where):
        if isinstance(each, BooleanClauseList) and each.operator is conjunction:
            conditions += _taken_apart(each.clauses)
        else:
            conditions.append(each)
    return conditions


def _grouped(condition: Any) -> Any:
    if isinstance(condition, (ColumnElement, TextClause)):
        return condition if isinstance(condition, (Exists, Grouping)) else Grouping(condition)
    return condition


NOTHING_GIVEN = Given((), (), (), ())
