"""What a read does, told: compiled or loaded and why, its SQL, and PostgreSQL's plan of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import inspect
from sqlalchemy.ext.asyncio import AsyncEngine

from fastgres.errors import ConfigurationError
from fastgres.reads import sql
from fastgres.reads.layout import laid_out
from fastgres.reads.loaded import session_beside
from fastgres.reads.nulls import unguarded
from fastgres.reads.plan import ObjectField, PythonField
from fastgres.reads.shape import lookups_in

if TYPE_CHECKING:
    from fastgres.reads.call import Call, Source
    from fastgres.reads.plan import Entity, Kind, PlannedField, ReadPlan, Reason
    from fastgres.reads.shape import Nested
    from fastgres.reads.template import Template


@dataclass(frozen=True, slots=True)
class Run:
    """A compiled statement, and the values that are known of one run of it."""

    template: Template
    call: Call

    def arguments(self, values: Mapping[str, Any]) -> list[Any]:
        """Return the arguments with these values besides those that are known."""
        known = {**self.call.values, **values}
        missing = [name for name in self.call.values if known[name] is None]
        if missing:
            raise ConfigurationError(
                f"The statement is for {', '.join(missing)}, whose values are not known, and "
                "nothing equals NULL: the plan would be one that finds nothing. Write "
                f"`await explanation.analyze(source, {missing[0]}=...)`."
            )
        return self.template.arguments(known, self.call.given.values)


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a read is answered.

    `statements` is how many a call sends: one, or as many as the ORM needs for its collections,
    without those that a property of the mapped class makes it load. `sql` is the text with `$1`
    placeholders; None for a loaded read, whose SQL is the ORM's.

    ```python
    from fastgres.reads import Explanation, Reads
    from shop.models import Order
    from shop.schemas.order import OrderRead

    told: Explanation = Reads(Order, OrderRead).explain()
    assert (told.kind, told.statements, told.reasons) == ("compiled", 1, ())
    assert "    FROM order_items AS items" in told.pretty().splitlines()
    ```
    """

    plan: ReadPlan
    statements: int
    run: Run | None = field(repr=False)

    @classmethod
    def of(cls, plan: ReadPlan, run: Run | None = None) -> Explanation:
        """Explain a plan with the statement that was compiled for it."""
        return cls(plan, statements_of(plan), run)

    def with_another(self) -> Explanation:
        """Return the same for a call that sends a statement more."""
        return replace(self, statements=self.statements + 1)

    @property
    def kind(self) -> Kind:
        """Whether SQL writes the JSON, or Python."""
        return self.plan.kind

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Why Python has to."""
        return self.plan.reasons

    @property
    def unguarded(self) -> tuple[Reason, ...]:
        """Which fields are required, though the database may have a null for them.

        While it has none, nothing is wrong. A row with one is read again by the ORM and refused
        by Pydantic: 500, and a logged error that names the field. Allow it in the model
        (`int | None`), or forbid it in the table (`nullable=False`).

        ```python
        from datetime import datetime

        from fastgres.reads import Reads
        from pydantic import BaseModel
        from shop.models import Product

        class Deleted(BaseModel):
            deleted_at: datetime

        (told,) = Reads(Product, Deleted).explain().unguarded
        assert str(told) == "deleted_at is required by Deleted, and Product.deleted_at may be NULL"
        ```
        """
        return unguarded(self.plan)

    @property
    def sql(self) -> str | None:
        """The statement as it is sent."""
        return None if self.run is None else self.run.template.sql

    @property
    def values(self) -> Mapping[str, Any]:
        """The named values of the statement; None for one that only a request has."""
        return {} if self.run is None else self.run.call.values

    def pretty(self) -> str:
        """Return the SQL on many lines, indented; for a loaded read the reasons, as comments."""
        if self.sql is not None:
            return laid_out(self.sql)
        reasons = [f"-- {reason}" for reason in self.reasons]
        return "\n".join(["-- Written by the ORM and Pydantic, for:", *reasons])

    async def analyze(self, source: Source, **values: Any) -> str:
        """Run the statement, and return PostgreSQL's plan with times and buffers.

        `values` are those of the named parameters that `explain` could not know. It runs in the
        transaction of the session or connection, else in one of its own that may only read.
        Raises `ConfigurationError` for a loaded read, and where a value is missing.

        ```python
        from fastgres.reads import Reads
        from shop.models import Product
        from shop.schemas.product import ProductRead

        told = Reads(Product, ProductRead).explain(Product.sku == "MUG-01")
        plan = await told.analyze(session)
        assert "on products" in plan and "Execution Time" in plan
        ```
        """
        if self.run is None:
            raise ConfigurationError(
                f"{self.plan.model.__name__} is loaded by the ORM, which writes its statements "
                f"when it is asked: there is no one plan. {self.pretty()}"
            )
        return "\n".join(await _plan(source, self.run.template.sql, self.run.arguments(values)))


async def _plan(source: Source, statement: str, arguments: Sequence[Any]) -> list[str]:
    async with session_beside(source) as session:
        connection = await session.connection()
        if isinstance(session.bind, AsyncEngine):
            await connection.exec_driver_sql(sql.READ_ONLY)
        rows = await connection.exec_driver_sql(sql.EXPLAIN + statement, tuple(arguments))
        return [row[0] for row in rows]


def statements_of(plan: ReadPlan) -> int:
    """Return how many statements one call of a plan sends."""
    return 1 if plan.kind == "compiled" else 1 + _collections(plan.root)


def _collections(entity: Entity) -> int:
    """Count the relationships to many that the ORM follows, each with a statement of its own."""
    return sum(_below(entity.cls, each) for each in (*entity.fields, *entity.hidden))


def _below(cls: type[Any], planned: PlannedField) -> int:
    if isinstance(planned, ObjectField):
        return planned.relation.many + _collections(planned.entity)
    if isinstance(planned, PythonField):
        found = (_many(cls, path, planned.models) for path in planned.paths)
        return len({each for paths in found for each in paths})
    return 0


def _many(
    cls: type[Any], path: Sequence[Any], models: Sequence[Nested]
) -> Iterator[tuple[str, ...]]:
    """Yield the way to every relationship to many, along a path and in the models at its end."""
    relationship = inspect(cls).relationships.get(path[0]) if path else None
    if relationship is None:
        return
    if relationship.uselist:
        yield (path[0],)
    further = [(path[1:], models), *(lookups_in(models) if len(path) == 1 else ())]
    for inner, inside in further:
        for way in _many(relationship.mapper.class_, inner, inside):
            yield (path[0], *way)
