"""What a mapped class offers to a response model, and how fields may read it."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import sqlalchemy as sa
from hypothesis import strategies as st
from pydantic import BaseModel
from sqlalchemy.orm import Mapper, RelationshipProperty

from fastgres.db import SoftDelete
from tests.reads.equivalence.kinds import KINDS, Kind, Reading


class PositionRead(BaseModel):
    """A composite attribute, read as a model."""

    latitude: float
    longitude: float


class EntryRead(BaseModel):
    """An item of a collection that is a dictionary."""

    x_text: str


@dataclass(frozen=True, slots=True)
class Source:
    """One attribute of a class that a field can be filled from.

    `kind` is set for columns of the catalogue, whose values are drawn together with the model.
    `nullable` is what is known when the class is mapped; a relationship to a class whose rows can
    be soft-deleted, or to a subclass, can always turn out empty. `loaded`: an alias or
    several tables stand between, which is beyond what compiles.
    """

    name: str
    plain: tuple[Reading, ...] = ()
    odd: tuple[Reading, ...] = ()
    nullable: bool = False
    json: bool = False
    kind: str | None = None
    target: type[Any] | None = None
    many: bool = False
    ordered: bool = True
    soft: bool = False
    loaded: bool = False


def _read_as(*annotations: Any) -> tuple[Reading, ...]:
    return tuple(Reading(annotation, st.nothing()) for annotation in annotations)


_BESIDE_COLUMNS: Final = {
    "Harbour": (
        Source("label", plain=_read_as(str | None), odd=_read_as(str, Any)),
        Source("is_open", plain=_read_as(bool | None), odd=_read_as(bool, Any)),
        Source("title_length", odd=_read_as(int)),
        Source("spoken", odd=_read_as(str, Any)),
        Source("heading", odd=_read_as(str, Any)),
    ),
    "Ship": (
        Source("crew_names", odd=_read_as(list[str], tuple[str, ...])),
        Source("logbook", odd=_read_as(dict[int, EntryRead], dict[str, EntryRead | None])),
    ),
    "Permit": (Source("position", odd=_read_as(PositionRead, PositionRead | None)),),
}
"""Hybrids, synonyms, properties of Python, association proxies, composites."""

_BY_TYPE: Final[tuple[tuple[type[sa.types.TypeEngine[Any]], str], ...]] = (
    (sa.CHAR, "padded"),
    (sa.Enum, ""),
    (sa.String, "text"),
    (sa.SmallInteger, "small"),
    (sa.BigInteger, "big"),
    (sa.Integer, "usual"),
    (sa.Double, "double"),
    (sa.Float, "float"),
    (sa.Numeric, "number"),
    (sa.Date, "day"),
    (sa.DateTime, "zoned"),
    (sa.JSON, "mapping"),
    (sa.Uuid, "key"),
    (sa.Boolean, "flag"),
    (sa.types.NullType, "anything"),
)


def offered_by(mapped: Any) -> tuple[Source, ...]:
    """Return all that the class offers, its superclasses' attributes included."""
    found: tuple[Source, ...] = _offered_by(mapped)
    return found


@lru_cache(maxsize=128)
def _offered_by(mapped: Hashable) -> tuple[Source, ...]:
    mapper: Any = sa.inspect(mapped)
    beside = [
        source
        for each in mapper.iterate_to_root()
        for source in _BESIDE_COLUMNS.get(each.class_.__name__, ())
    ]
    relationships = [
        _of_relationship(each)
        for each in mapper.relationships
        if each.collection_class in {None, list}
    ]
    return (*_of_columns(mapper), *beside, *relationships)


def _of_columns(mapper: Mapper[Any]) -> Iterator[Source]:
    for attribute in mapper.column_attrs:
        name, column = attribute.key, attribute.columns[0]
        kind = _kind_of(column)
        if isinstance(column, sa.Column) and "kind" in column.info:
            yield Source(
                name, kind.plain, kind.odd, bool(column.nullable), kind.json, column.info["kind"]
            )
        elif isinstance(column, sa.Column):
            annotation = kind.python
            yield Source(
                name, _read_as(annotation), _read_as(Any), bool(column.nullable), kind.json
            )
        else:
            yield Source(name, _read_as(kind.python | None), _read_as(kind.python, Any))


def _kind_of(column: Any) -> Kind:
    if isinstance(column, sa.Column) and "kind" in column.info:
        return KINDS[column.info["kind"]]
    if isinstance(column.type, sa.Enum):
        return next(kind for kind in KINDS.values() if kind.type is column.type)
    return KINDS[next(name for kind, name in _BY_TYPE if isinstance(column.type, kind))]


def _of_relationship(each: RelationshipProperty[Any]) -> Source:
    target = each.mapper
    soft = issubclass(target.class_, SoftDelete)
    return Source(
        each.key,
        nullable=not each.uselist and (target.inherits is not None or _may_be_empty(each)),
        target=target.class_,
        many=bool(each.uselist),
        ordered=bool(each.order_by),
        soft=soft,
        loaded=each.entity.is_aliased_class or not isinstance(each.secondary, sa.Table | None),
    )


def _may_be_empty(each: RelationshipProperty[Any]) -> bool:
    """Tell whether no row needs to be there: only a foreign key that is never null promises one."""
    promised = {
        (key.parent, key.column) for table in each.parent.tables for key in table.foreign_keys
    }
    return any(
        (local, remote) not in promised or bool(getattr(local, "nullable", True))
        for local, remote in each.local_remote_pairs or ()
    )
