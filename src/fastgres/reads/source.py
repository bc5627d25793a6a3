"""What an attribute of a mapped class is: a value SQL can give, a relationship, or Python."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, MetaData, Table, inspect
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.associationproxy import AssociationProxy
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import (
    ColumnProperty,
    Mapper,
    RelationshipProperty,
    SynonymProperty,
    registry,
)
from sqlalchemy.types import NullType

if TYPE_CHECKING:
    from sqlalchemy.orm import InstrumentedAttribute
    from sqlalchemy.types import TypeEngine


@dataclass(frozen=True, slots=True)
class ValueSource:
    """A column, a `column_property` or a hybrid: one SQL expression. `mapped` is false of hybrids.

    `nullable` is what the table says; None where nobody knows.
    """

    name: str
    type: TypeEngine[Any]
    nullable: bool | None
    mapped: bool


@dataclass(frozen=True, slots=True)
class RelationSource:
    """A relationship; `why` says why SQL cannot follow it, where the ORM can."""

    name: str
    relationship: RelationshipProperty[Any]
    target: type[Any]
    many: bool
    ordered: bool
    why: str | None = None


@dataclass(frozen=True, slots=True)
class PythonSource:
    """An attribute that exists and that only Python can read; `through` must be loaded for it."""

    name: str
    why: str
    through: str | None = None


Source = ValueSource | RelationSource | PythonSource


def source_of(cls: type[Any], name: str) -> Source | None:
    """Return what the attribute is, or None when instances have no such attribute."""
    mapper: Mapper[Any] = inspect(cls)
    prop = mapper.attrs.get(name)
    if isinstance(prop, SynonymProperty):
        prop = mapper.attrs.get(prop.name)
    if isinstance(prop, ColumnProperty):
        return _column(name, prop)
    if isinstance(prop, RelationshipProperty):
        return _relation(name, prop)
    descriptor = mapper.all_orm_descriptors.get(name)
    if isinstance(descriptor, hybrid_property):
        return _hybrid(cls, name)
    if isinstance(descriptor, AssociationProxy):
        why = "is an association proxy"
        return PythonSource(name, why, descriptor.target_collection)
    if prop is not None:
        return PythonSource(name, "is a composite, which SQLAlchemy puts together in Python")
    return _python(cls, name)


def _python(cls: type[Any], name: str) -> Source | None:
    """Return what else the class has; not what every declarative class has, as `metadata` is."""
    if not hasattr(cls, name) or isinstance(getattr(cls, name), (MetaData, registry)):
        return None
    return PythonSource(name, "is computed by the mapped class in Python")


def key_attributes(cls: type[Any]) -> list[InstrumentedAttribute[Any]]:
    """Return the attributes of the primary key of a mapped class, in its order.

    ```python
    from fastgres.reads import key_attributes
    from shop.models import Product

    assert key_attributes(Product) == [Product.id]
    ```
    """
    mapper: Mapper[Any] = inspect(cls)
    names = [mapper.get_property_by_column(each).key for each in mapper.primary_key]
    return [getattr(cls, name) for name in names]


def names_of(cls: type[Any]) -> list[str]:
    """Return the names of everything mapped, for "did you mean"."""
    mapper: Mapper[Any] = inspect(cls)
    return sorted({*mapper.attrs.keys(), *mapper.all_orm_descriptors.keys()})


def _column(name: str, prop: ColumnProperty[Any]) -> Source:
    column = prop.columns[0]
    nullable = column.nullable if isinstance(column, Column) else None
    return ValueSource(name, column.type, nullable, mapped=True)


def _hybrid(cls: type[Any], name: str) -> Source:
    """Ask the hybrid for SQL; one without an expression of its own may fail in any way."""
    try:
        expression: Any = inspect(getattr(cls, name), raiseerr=False) or getattr(cls, name)
        kind = expression.type
    except (SQLAlchemyError, AttributeError, TypeError, NotImplementedError, ValueError):
        return PythonSource(name, "is a hybrid without an SQL expression")
    if isinstance(kind, NullType):
        return PythonSource(name, "is an SQL expression of unknown type")
    return ValueSource(name, kind, None, mapped=False)


def _relation(name: str, prop: RelationshipProperty[Any]) -> Source:
    if prop.lazy in {"dynamic", "write_only"}:
        return PythonSource(name, f"is a relationship with lazy={prop.lazy!r}")
    if prop.entity.is_aliased_class:
        return PythonSource(name, "leads to a class under another name", name)
    many, ordered = bool(prop.uselist), bool(prop.order_by)
    return RelationSource(name, prop, prop.mapper.class_, many, ordered, _detour(prop))


def _detour(prop: RelationshipProperty[Any]) -> str | None:
    """Return why a relationship does not lead from one table to the other for SQL."""
    if prop.uselist and prop.collection_class not in {None, list}:
        return f"is a collection of its own kind ({prop.collection_class})"
    if prop.secondary is not None and not isinstance(prop.secondary, Table):
        return "leads over more than one table"
    return None
