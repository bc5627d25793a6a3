"""Reads of a repository that are worked out once: the row of a key, and the pages of a query.

A route that is only a read runs one of these without a repository, a session or an expression to
build: the values of the request are all that is new.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from pydantic import BaseModel

from fastgres.reads import Call, Given, PlannedRead, ReadPlan, Rows
from fastgres.repository.columns import attribute
from fastgres.repository.filtering import named

if TYPE_CHECKING:
    from fastgres.reads import Answer, Explanation, ReadResponse, Source

Shown = TypeVar("Shown", bound=BaseModel)

NOTHING: Final = Given.of(())


@dataclass(frozen=True, slots=True, kw_only=True)
class Target(Generic[Shown]):
    """What is read: a mapped class as a response model, within the columns of a scope.

    ```python
    from fastgres.repository import Target
    from shop.models import Order
    from shop.schemas.order import OrderRead

    mine = Target(mapped=Order, model=OrderRead, scope=("customer_id",))
    assert mine.plan.kind == "compiled"
    ```
    """

    mapped: type[Any]
    model: type[Shown]
    scope: tuple[str, ...] = ()
    include_deleted: bool = False
    exclude_none: bool = False

    @property
    def plan(self) -> ReadPlan:
        """The plan, which is always the same object."""
        return ReadPlan.of(
            self.mapped,
            self.model,
            include_deleted=self.include_deleted,
            exclude_none=self.exclude_none,
        )

    def scoped(self) -> list[Any]:
        """Return the conditions of the scope, whose values are called `scope_<column>`."""
        return equal_to(self.mapped, self.scope, "scope")


def equal_to(mapped: type[Any], names: Sequence[str], prefix: str) -> list[Any]:
    """Return conditions that compare columns with parameters called after them."""
    columns = [attribute(mapped, name) for name in names]
    return [column == named(column, f"{prefix}_{column.key}") for column in columns]


def scope_values(scope: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a scope by the names of their parameters."""
    return {f"scope_{name}": value for name, value in scope.items()}


class OneRead(Generic[Shown]):
    """Read the one row whose columns have certain values.

    The values of a run are called `key_<column>` and `scope_<column>`.
    """

    def __init__(self, target: Target[Shown], columns: tuple[str, ...]) -> None:
        self.target = target
        self._columns = columns
        self._key = ("one", columns, target.scope)
        self._read = PlannedRead.of(target.plan)
        self._conditions = [*equal_to(target.mapped, columns, "key"), *target.scoped()]

    def answer(
        self,
        source: Source,
        values: Mapping[str, Any],
        *,
        given: Given = NOTHING,
        fields: str | None = None,
    ) -> Awaitable[Answer | None]:
        """Return the JSON of the row, or None; for those who make a response of their own."""
        return self._reading(fields).first(source, Call(self._key, self._rows, values, given))

    async def run(
        self,
        source: Source,
        values: Mapping[str, Any],
        *,
        given: Given = NOTHING,
        fields: str | None = None,
    ) -> ReadResponse[Shown] | None:
        """Return the row, or None; of all fields, or of those named `"id,customer.name"`."""
        found = await self.answer(source, values, given=given, fields=fields)
        if found is None:
            return None
        return self._reading(fields).response(found, self.target.model)

    def explain(self, *, given: Given = NOTHING, fields: str | None = None) -> Explanation:
        """Explain the statement."""
        names = [f"key_{name}" for name in self._columns]
        names += [f"scope_{name}" for name in self.target.scope]
        call = Call(self._key, self._rows, dict.fromkeys(names), given)
        return self._reading(fields).explain(call)

    def _reading(self, fields: str | None) -> PlannedRead:
        return self._read if fields is None else self._read.with_fields(fields)

    def _rows(self, given: Given) -> Rows:
        return Rows(where=[*self._conditions, *given.where])


@lru_cache(maxsize=1024)
def one_read(target: Target[Shown], columns: tuple[str, ...]) -> OneRead[Shown]:
    """Return the read by these columns; always the same object while it is in use.

    ```python
    from fastgres.repository import Target, one_read
    from shop.models import Product
    from shop.schemas.product import ProductRead

    by_sku = one_read(Target(mapped=Product, model=ProductRead), ("sku",))
    assert await by_sku.run(database.engine, {"key_sku": "MUG-01"}) is None
    ```
    """
    return OneRead(target, columns)
