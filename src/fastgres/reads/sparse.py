"""Sparse fields: a plan with only the fields that a client asks for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from fastgres.errors import FieldProblem, InvalidValueError, nearest
from fastgres.reads.plan import ObjectField

if TYPE_CHECKING:
    from fastgres.reads.plan import Entity, PlannedField, ReadPlan

LONGEST: Final = 2_000
"""Characters of `?fields=` that are read."""

_TOLD: Final = 100


def pruned(plan: ReadPlan, fields: str, *, parameter: str = "fields") -> ReadPlan:
    """Return the plan of the fields named, `"id,total,customer.name"`; the keys are those of JSON.

    The name of a nested object stands for all of it. The same fields give the same plan, in
    whatever order and however often they are named. Raises `InvalidValueError` (422) with the
    allowed names for one that is not there, and for no name at all.
    """
    if len(fields) > LONGEST:
        raise _refused(parameter, f"Names fields in at most {LONGEST} characters.")
    wanted = frozenset(filter(None, (name.strip() for name in fields.split(","))))
    if not wanted:
        raise _refused(parameter, f"Names no field. {_allowed(plan)}")
    known = set(field_names(plan.root))
    for name in sorted(wanted - known):
        meant = nearest(name[:_TOLD], known)
        hint = f"; did you mean {meant!r}?" if meant else "."
        raise _refused(parameter, f"There is no field {name[:_TOLD]!r}{hint} {_allowed(plan)}")
    return _pruned(plan, wanted)


def _refused(parameter: str, message: str) -> InvalidValueError:
    problem = FieldProblem(("query", parameter), "unknown_field", message)
    return InvalidValueError(f"{parameter}: {message}", fields=[problem])


def _allowed(plan: ReadPlan) -> str:
    return f"Allowed: {', '.join(field_names(plan.root))}."


@lru_cache(maxsize=1024)
def _pruned(plan: ReadPlan, wanted: frozenset[str]) -> ReadPlan:
    return plan.of_fields(_of_fields(plan.root, wanted))


def _of_fields(entity: Entity, wanted: frozenset[str]) -> Entity:
    fields = tuple(each for field in entity.fields for each in _kept(field, wanted))
    dropped = tuple(field for field in entity.fields if not any(_kept(field, wanted)))
    return replace(entity, fields=fields, hidden=(*entity.hidden, *dropped))


def _kept(field: PlannedField, wanted: frozenset[str]) -> Iterator[PlannedField]:
    if field.key in wanted:
        yield field
    elif isinstance(field, ObjectField):
        prefix = f"{field.key}."
        inner = frozenset(each.removeprefix(prefix) for each in wanted if each.startswith(prefix))
        if inner:
            yield replace(field, entity=_of_fields(field.entity, inner))


def field_names(entity: Entity, prefix: str = "") -> Iterator[str]:
    """Yield the names of all fields, those of nested objects with their path."""
    for field in entity.fields:
        yield prefix + field.key
        if isinstance(field, ObjectField):
            yield from field_names(field.entity, f"{prefix}{field.key}.")
