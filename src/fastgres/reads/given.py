"""A caller's conditions taken apart: what shapes the statement, and the values in it.

SQLAlchemy's own cache of statements rests on the same key, for which it has no public name. This
module is the only one to use it; `tests/reads/test_given.py` fails when it changes.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BooleanClauseList,
    ClauseElement,
    ColumnClause,
    TextClause,
    and_,
    true,
)
from sqlalchemy.sql.elements import Grouping
from sqlalchemy.sql.operators import and_ as conjunction

from fastgres.db import living_condition

if TYPE_CHECKING:
    from sqlalchemy import BindParameter


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
        where = closed(where)
        key, values = _key_and_values([*where, *order_by])
        return cls(tuple(where), tuple(order_by), key, values)

    def living(self) -> Given:
        """Return the same with soft-deleted rows left out of every EXISTS."""
        if not self.where:
            return self
        where = tuple(living_condition(and_(true(), each)) for each in self.where)
        return Given.of(where, self.order_by)


def _key_and_values(parts: list[Any]) -> tuple[Hashable | None, Sequence[BindParameter[Any]]]:
    keys: list[Hashable] = []
    values: list[BindParameter[Any]] = []
    for part in parts:
        clause: object = getattr(part, "expression", part)
        if not isinstance(clause, ClauseElement):
            return None, ()
        found = clause._generate_cache_key()  # noqa: SLF001 - see the module's docstring
        if found is None:
            return None, ()
        keys.append(found.key)
        values += found.bindparams
    lengths = tuple(len(each.effective_value or ()) for each in values if each.expanding)
    return (tuple(keys), lengths), values


def closed(where: Iterable[Any]) -> list[Any]:
    """Return a caller's conditions as they can stand beside others.

    SQLAlchemy puts no parentheses around SQL text, and an OR in it would undo what stands beside
    it. A conjunction is taken apart: it would be anyway, and its parentheses with it.

    ```python
    from fastgres.reads import closed
    from sqlalchemy import text

    (condition,) = closed([text("stock = 0 OR active")])
    assert str(condition) == "(stock = 0 OR active)"
    ```
    """
    conditions: list[Any] = []
    for each in where:
        if isinstance(each, BooleanClauseList) and each.operator is conjunction:
            conditions += closed(each.clauses)
        else:
            open_text = isinstance(each, (ColumnClause, TextClause))
            conditions.append(Grouping(each) if open_text else each)
    return conditions


NOTHING_GIVEN = Given((), (), (), ())
