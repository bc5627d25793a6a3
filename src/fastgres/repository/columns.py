"""What a mapped class consists of: its columns, its primary key, and names taken by mistake."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Column, TypeDecorator, inspect

from fastgres.errors import ConfigurationError, UnknownNameError
from fastgres.reads import key_attributes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import InstrumentedAttribute, Mapper

_TAKES: Final[dict[type, tuple[type, ...]]] = {
    float: (float, int, Decimal),
    Decimal: (Decimal, int, float),
    dt.date: (dt.date,),
    int: (int,),
}
"""What may be compared with a column of this Python type, where subclasses are not the answer."""


def mapper_of(model: type[Any]) -> Mapper[Any]:
    """Return the mapper of a mapped class."""
    mapper: Mapper[Any] = inspect(model)
    return mapper


def attribute(model: type[Any], name: str) -> InstrumentedAttribute[Any]:
    """Return the column attribute of that name, or raise naming the nearest one."""
    known = mapper_of(model).column_attrs.keys()
    if name not in known:
        raise UnknownNameError(f"column of {model.__name__}", name, known)
    found: InstrumentedAttribute[Any] = getattr(model, name)
    return found


def primary_key(model: type[Any]) -> tuple[InstrumentedAttribute[Any], ...]:
    """Return the attributes of the primary key, in its order."""
    return _primary_key(mapper_of(model))


@cache
def _primary_key(mapper: Mapper[Any]) -> tuple[InstrumentedAttribute[Any], ...]:
    return tuple(key_attributes(mapper.class_))


def key_names(model: type[Any]) -> tuple[str, ...]:
    """Return the names of the primary key's attributes, in its order."""
    return _key_names(mapper_of(model))


@cache
def _key_names(mapper: Mapper[Any]) -> tuple[str, ...]:
    return tuple([each.key for each in _primary_key(mapper)])


def key_values(model: type[Any], key: object) -> tuple[object, ...]:
    """Return the value of each primary key column; a composite key is given as a tuple."""
    values = key if isinstance(key, tuple) else (key,)
    names = key_names(model)
    if len(values) != len(names):
        raise ConfigurationError(
            f"{key!r} is no key of {model.__name__}: its primary key is ({', '.join(names)}). "
            "Pass the values as a tuple in this order."
        )
    return values


def key_conditions(model: type[Any], key: object) -> list[ColumnElement[bool]]:
    """Return the conditions that select the one row with this key."""
    pairs = zip(primary_key(model), key_values(model, key), strict=True)
    return [column == value for column, value in pairs]


def key_of(entity: object) -> tuple[object, ...]:
    """Return the primary key of an entity that is loaded."""
    return tuple(getattr(entity, each.key) for each in primary_key(type(entity)))


def table_columns(model: type[Any]) -> dict[str, Column[Any]]:
    """Return the table's columns by the names that the mapped class gives them."""
    return {
        each.key: each.columns[0]
        for each in mapper_of(model).column_attrs
        if isinstance(each.columns[0], Column)
    }


def check_names(model: type[Any], names: Iterable[str]) -> None:
    """Refuse names that are no columns of the table, saying which one was meant."""
    known = table_columns(model)
    for name in names:
        if name not in known:
            raise UnknownNameError(f"column of {model.__name__}", name, known)


def noun(model: type[Any]) -> str:
    """Return the name of the class in words: `OrderItem` is an "order item"."""
    words = "".join(
        f" {letter.lower()}" if letter.isupper() else letter for letter in model.__name__
    )
    return words.strip()


def python_type(column: InstrumentedAttribute[Any]) -> type | None:
    """Return the type of the column's values; None where only the type itself knows it."""
    if isinstance(column.type, TypeDecorator):
        return None
    try:
        kind: type = column.type.python_type
    except NotImplementedError:
        return None
    return kind


def comparable(kind: type, column: type) -> bool:
    """Tell whether values of this type can be compared with a column of that type."""
    if column in _TAKES:
        return kind in _TAKES[column]
    if issubclass(column, Enum):
        return kind is column
    return issubclass(kind, column)
