"""What the annotation of a query field says: the values it takes, and its filter."""

from __future__ import annotations

import datetime as dt
import types
from collections.abc import Iterator
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from pydantic import (
    AwareDatetime,
    FutureDate,
    FutureDatetime,
    NaiveDatetime,
    PastDate,
    PastDatetime,
)
from typing_extensions import TypeAliasType

from fastgres.repository.filtering import Filter

_UNIONS = (Union, types.UnionType)
_LISTS = (list, set, frozenset, tuple)
_STANDS_FOR: Final[dict[Any, type]] = {
    AwareDatetime: dt.datetime,
    NaiveDatetime: dt.datetime,
    PastDatetime: dt.datetime,
    FutureDatetime: dt.datetime,
    PastDate: dt.date,
    FutureDate: dt.date,
}
"""Classes of pydantic that no value is an instance of, and what the values are."""


def members(annotation: Any) -> Iterator[Any]:
    """Yield the parts of a union, aliases and `Annotated` taken off, without None."""
    origin = get_origin(annotation)
    if isinstance(annotation, TypeAliasType):
        yield from members(annotation.__value__)
    elif origin is Annotated:
        yield from members(get_args(annotation)[0])
    elif origin in _UNIONS:
        for part in get_args(annotation):
            yield from members(part)
    elif annotation is not type(None):
        yield annotation


def is_list(annotation: Any) -> bool:
    """Tell whether the field takes several values."""
    return any(get_origin(part) in _LISTS for part in members(annotation))


def elements(annotation: Any) -> Iterator[Any]:
    """Yield the types of single values: what a list holds, and what is no list."""
    for part in members(annotation):
        if get_origin(part) in _LISTS:
            yield from elements(get_args(part)[0])
        else:
            yield part


def value_types(annotation: Any) -> frozenset[type]:
    """Return the Python types that the field's values have; empty when they cannot be told."""
    found: set[type] = set()
    for part in elements(annotation):
        if get_origin(part) is Literal:
            found |= {type(value) for value in get_args(part)}
        elif isinstance(part, type) and part not in {Any, object}:
            found.add(_STANDS_FOR.get(part, part))
        else:
            return frozenset()
    return frozenset(found)


def literal_values(annotation: Any) -> tuple[object, ...] | None:
    """Return what a `Literal` (or a list of them) allows; None when it is anything else."""
    values: list[object] = []
    for part in elements(annotation):
        if get_origin(part) is not Literal:
            return None
        values += get_args(part)
    return tuple(values)


def filter_in(annotation: Any, metadata: list[Any]) -> Filter:
    """Return the `Filter` of a field, wherever in the annotation it stands."""
    found = [
        each for each in (*metadata, *_nested_metadata(annotation)) if isinstance(each, Filter)
    ]
    return found[0] if found else Filter()


def _nested_metadata(annotation: Any) -> Iterator[Any]:
    if isinstance(annotation, TypeAliasType):
        yield from _nested_metadata(annotation.__value__)
    if get_origin(annotation) is Annotated:
        yield from annotation.__metadata__
    for part in get_args(annotation) if get_origin(annotation) in (Annotated, *_UNIONS) else ():
        yield from _nested_metadata(part)
