"""Fields that a null would break: required by the response model, nullable in the table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import inspect
from sqlalchemy.orm import RelationshipDirection

from fastgres.reads.plan import ObjectField, Reason, ValueField
from fastgres.reads.source import RelationSource, ValueSource, source_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fastgres.reads.plan import Entity, ReadPlan


def unguarded(plan: ReadPlan) -> tuple[Reason, ...]:
    """Return the fields that a row could not fill, because it may be null where they may not.

    The plan is compiled all the same: while there is no null, nothing is wrong. A row with one is
    read again by the ORM and refused by Pydantic, which a client sees as 500. Allow it in the
    model, `field: int | None`, or forbid it in the table, `nullable=False`.
    """
    return tuple(_of_entity(plan.root, ""))


def _of_entity(entity: Entity, prefix: str) -> Iterator[Reason]:
    for each in entity.fields:
        missing: str | None = None
        if isinstance(each, ValueField) and not each.optional:
            missing = _missing(entity.cls, each.path)
        elif isinstance(each, ObjectField) and not each.optional and not each.relation.many:
            missing = _unset(entity.cls, each.relation)
        if missing is not None:
            why = f"is required by {entity.model.__name__}, and {missing} may be NULL"
            yield Reason(prefix + each.name, why)
        if isinstance(each, ObjectField):
            yield from _of_entity(each.entity, f"{prefix}{each.name}.")


def _missing(cls: type[Any], path: Sequence[str]) -> str | None:
    """Return the first column along a path that may be null."""
    for name in path:
        found = source_of(cls, name)
        if isinstance(found, RelationSource):
            missing = _unset(cls, found)
            if missing is not None:
                return missing
            cls = found.target
        elif isinstance(found, ValueSource) and found.nullable:
            return f"{cls.__name__}.{name}"
    return None


def _unset(cls: type[Any], relation: RelationSource) -> str | None:
    """Return the nullable foreign key of a relationship; None where it stands on the other side."""
    if relation.relationship.direction is not RelationshipDirection.MANYTOONE:
        return None
    mapper = inspect(cls)
    for column in relation.relationship.local_columns:
        if getattr(column, "nullable", False):
            return f"{cls.__name__}.{mapper.get_property_by_column(column).key}"
    return None
