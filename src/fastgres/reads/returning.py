"""The row that an INSERT or an UPDATE returns, as JSON from the same statement."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Integer, TextClause, case, func, inspect, literal_column, select
from sqlalchemy.orm import aliased
from sqlalchemy.sql import visitors
from sqlalchemy.sql.selectable import SelectBase

from fastgres.reads import sql
from fastgres.reads.plan import ObjectField, Reason, ValueField
from fastgres.reads.source import RelationSource, ValueSource, source_of
from fastgres.reads.statement import as_bytes, value_reader, visible
from fastgres.reads.template import Template
from fastgres.reads.writer import Writer
from fastgres.reads.written import DIALECT

if TYPE_CHECKING:
    from sqlalchemy import Insert, Select, Table, Update

    from fastgres.reads.plan import Entity, ReadPlan

_ZERO: Final = literal_column("0", Integer)
_ONE: Final = literal_column("1", Integer)

REFUSED: Final = "22012"
"""SQLSTATE that a `guarded` statement ends with: a division by zero.

```python
from fastgres.reads import REFUSED

assert REFUSED == "22012"
```
"""


@dataclass(frozen=True, slots=True)
class Returned:
    """A compiled INSERT or UPDATE of one row whose result is the row as JSON.

    `columns` of the row come along as Python values, for a `Location`. Where only Python can
    answer for a value, the JSON is marked; a `guarded` statement fails instead with the SQLSTATE
    `REFUSED`, so that nothing is written.

    ```python
    from fastgres.reads import ReadPlan, Returned, parameter
    from shop.models import Customer
    from shop.schemas.customer import CustomerRead
    from sqlalchemy import insert

    values = {name: parameter(name, Customer.name.type) for name in ("email_", "name_")}
    change = insert(Customer.__table__).values(email=values["email_"], name=values["name_"])
    plan = ReadPlan.of(Customer, CustomerRead)
    made = Returned.of(plan, change, frozenset(values), columns=["id"])
    assert made.sql.startswith("WITH fastgres_returned AS")
    ```
    """

    template: Template
    readers: tuple[Callable[[Any], Any] | None, ...]

    @classmethod
    def of(
        cls,
        plan: ReadPlan,
        change: Insert | Update,
        names: frozenset[str],
        *,
        columns: Sequence[str] = (),
        guarded: bool = False,
    ) -> Returned:
        """Compile the statement; its parameters are called `names`."""
        attributes = [getattr(plan.root.cls, name) for name in columns]
        statement = _statement(plan, change, columns, guarded=guarded)
        readers = tuple(value_reader(each.type.dialect_impl(DIALECT)) for each in attributes)
        return cls(Template.of(statement, names=names), readers)

    @property
    def sql(self) -> str:
        """The statement, with `$1` for its first argument."""
        return self.template.sql

    def arguments(self, values: Mapping[str, Any]) -> list[Any]:
        """Return the arguments, as asyncpg takes them."""
        return self.template.arguments(values)

    def read(self, row: Sequence[Any]) -> tuple[bytes | None, list[Any]]:
        """Return the JSON, None where it is marked, and the values of the columns."""
        body: bytes = row[0]
        values = [
            value if reader is None or value is None else reader(value)
            for reader, value in zip(self.readers, row[1:], strict=True)
        ]
        return (None if sql.MARK in body else body), values


def _statement(
    plan: ReadPlan, change: Insert | Update, names: Sequence[str], *, guarded: bool
) -> Select[Any]:
    table: Table = inspect(plan.root.cls).local_table
    row = aliased(plan.root.cls, change.returning(*table.c).cte(sql.RETURNED))
    body = Writer(plan).root(row)
    keys = [getattr(row, name).label(f"key_{n}") for n, name in enumerate(names)]
    if not guarded:
        return visible(plan, select(as_bytes(body), *keys).select_from(row))
    # OFFSET keeps the planner from writing the JSON twice.
    inner = select(body.label("body"), *keys).select_from(row).offset(_ZERO).subquery("shown")
    marked = func.strpos(inner.c.body, literal_column(sql.ONLY_PYTHON)) > _ZERO
    vouches = _ONE.op("/")(case((marked, _ZERO), else_=_ONE)) == _ONE
    columns = [inner.c[key.name] for key in keys]
    return visible(plan, select(as_bytes(inner.c.body), *columns).where(vouches))


def looks_elsewhere(plan: ReadPlan) -> Reason | None:
    """Return why a plan cannot be filled by the statement that writes its row, or None.

    Such a statement sees the tables as they were before it. A plan that is loaded cannot, nor one
    that comes back to the table by a relationship, or by SQL that may look anywhere.

    ```python
    from fastgres.reads import ReadPlan, looks_elsewhere
    from shop.models import Order
    from shop.schemas.order import OrderRead

    assert looks_elsewhere(ReadPlan.of(Order, OrderRead)) is None
    ```
    """
    if plan.kind == "loaded":
        return plan.reasons[0] if plan.reasons else Reason(plan.model.__name__, "is to be loaded")
    table = inspect(plan.root.cls).local_table
    return next(_elsewhere(plan.root, table), None)


def _elsewhere(entity: Entity, table: Any, *, prefix: str = "") -> Iterator[Reason]:
    for each in entity.fields:
        place = prefix + each.name
        if isinstance(each, ObjectField):
            yield from _backwards(each.relation, table, place=place)
            yield from _elsewhere(each.entity, table, prefix=f"{place}.")
        elif isinstance(each, ValueField):
            yield from _along(entity.cls, each.path, table, place=place)


def _along(cls: type[Any], path: tuple[str, ...], table: Any, *, place: str) -> Iterator[Reason]:
    for name in path[:-1]:
        relation = source_of(cls, name)
        assert isinstance(relation, RelationSource)  # noqa: S101 - the plan has looked
        yield from _backwards(relation, table, place=place)
        cls = relation.target
    column = source_of(cls, path[-1])
    if not isinstance(column, ValueSource) or column.nullable is None:
        yield Reason(place, "is an SQL expression, which may look at other rows")


def _backwards(relation: RelationSource, table: Any, *, place: str) -> Iterator[Reason]:
    relationship = relation.relationship
    tables = {*relationship.mapper.tables, relationship.secondary}
    if table in tables:
        yield Reason(place, f"comes back to the table {table.name}, which the statement writes")
    conditions: list[Any] = [relationship.primaryjoin, relationship.secondaryjoin]
    conditions += relationship.order_by or ()
    parts = chain.from_iterable(visitors.iterate(each) for each in conditions if each is not None)
    if any(isinstance(part, (SelectBase, TextClause)) for part in parts):
        yield Reason(place, "is a relationship by SQL that may look at other rows")
