"""What a read does, told: compiled or loaded and why, its SQL, and PostgreSQL's plan of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastgres.reads.plan import ObjectField

if TYPE_CHECKING:
    from fastgres.reads.plan import Entity, Kind, ReadPlan, Reason


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a read is answered.

    `statements` is how many a call sends: one, or as many as the ORM needs for its collections.
    `sql` is the text with `$1` placeholders; None for a loaded read, whose SQL is the ORM's.

    ```python
    from fastgres.reads import Explanation, Reads
    from shop.models import Order
    from shop.schemas.order import OrderRead

    told: Explanation = Reads(Order, OrderRead).explain()
    assert (told.kind, told.statements, told.reasons) == ("compiled", 1, ())
    ```
    """

    kind: Kind
    reasons: tuple[Reason, ...]
    statements: int
    sql: str | None

    @classmethod
    def of(cls, plan: ReadPlan, sql: str | None) -> Explanation:
        """Explain a plan with the statement that was compiled for it."""
        return cls(plan.kind, plan.reasons, statements_of(plan), sql)


def statements_of(plan: ReadPlan) -> int:
    """Return how many statements one call of a plan sends."""
    return 1 if plan.kind == "compiled" else 1 + _collections(plan.root)


def _collections(entity: Entity) -> int:
    nested = [each for each in entity.fields if isinstance(each, ObjectField)]
    return sum(each.relation.many + _collections(each.entity) for each in nested)
