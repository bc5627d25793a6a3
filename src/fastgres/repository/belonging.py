"""Whether an entity lies in a scope, and still would when the session has flushed it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import inspect
from sqlalchemy.orm import RelationshipDirection

from fastgres.repository.scope import is_same, outside

if TYPE_CHECKING:
    from sqlalchemy.orm import InstanceState, InstrumentedAttribute, Mapper

    from fastgres.repository.scope import Scope


def identity(entity: object) -> tuple[Any, ...] | None:
    """Return the primary key of the entity's row; None when it has none yet."""
    return _state(entity).identity


def belongs(entity: object, scope: Scope) -> bool | None:
    """Tell whether the entity's row lay in the scope when it was read.

    What was set since does not count. None when the columns of the scope were not read.
    """
    attributes = _state(entity).attrs
    for column, value in scope.pairs:
        history = attributes[column.key].history
        read = (*(history.deleted or ()), *(history.unchanged or ()))
        if not read:
            return None
        if not is_same(read[0], value):
            return False
    return True


def admit(entity: object, scope: Scope) -> None:
    """Raise `ScopeError` when a flush would write the entity with other values than the scope's.

    A new entity that leaves them open gets them, and so do new ones of its class that are
    inserted along with it. Relationships count: a flush sets the columns by them.
    """
    for column, value in scope.pairs:
        for each in (entity, *_inserted_along(entity, column.class_)):
            if not all(is_same(given, value) for given in _given(_state(each), column)):
                raise outside(column.key)
            if identity(each) is None:
                setattr(each, column.key, value)


def check_flushed(entity: object, scope: Scope) -> None:
    """Raise `ScopeError` when the entity was written with other values than the scope's."""
    written = _state(entity).dict
    for column, value in scope.pairs:
        if column.key in written and not is_same(written[column.key], value):
            raise outside(column.key)


def _state(entity: object) -> InstanceState[Any]:
    state: InstanceState[Any] = inspect(entity)
    return state


def _inserted_along(entity: object, model: Any) -> Iterator[object]:
    state = _state(entity)
    for related, _, other, _ in state.mapper.cascade_iterator("save-update", state):
        if other.identity is None and isinstance(related, model):
            yield related


def _given(state: InstanceState[Any], column: InstrumentedAttribute[Any]) -> Iterator[Any]:
    """Yield what the entity says of the column, by itself and by its relationships."""
    given = [state.dict[column.key]] if column.key in state.dict else []
    for name, remote in _sources(state.mapper, column.key):
        related = state.attrs[name].history.added or ()
        given += [None if each is None else _value(_state(each), remote) for each in related]
    yield from (each for each in given if each is not None or state.identity is not None)


@cache
def _sources(mapper: Mapper[Any], name: str) -> tuple[tuple[str, Any], ...]:
    """Return the relationships that set a column, and the columns that they set it to."""
    return tuple(
        (relationship.key, remote)
        for relationship in mapper.relationships
        if relationship.direction is RelationshipDirection.MANYTOONE and not relationship.viewonly
        for local, remote in relationship.local_remote_pairs or ()
        if mapper.get_property_by_column(local).key == name
    )


def _value(related: InstanceState[Any], column: Any) -> Any:
    """Return the value that the other side gives; one that is not known is no value of a scope."""
    name = related.mapper.get_property_by_column(column).key
    if name in related.dict:
        return related.dict[name]
    keys = related.mapper.primary_key
    known = related.identity if column in keys else None
    return known[keys.index(column)] if known else object()
