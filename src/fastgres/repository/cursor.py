"""Cursors: a position in a sorted list, written so that it fits a URL.

A cursor is not signed and needs not be: it only says where to go on. Which rows a caller may see
is decided by the conditions of the query, which a cursor does not hold.
"""

from __future__ import annotations

import datetime as dt
from base64 import b64decode, urlsafe_b64encode
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, Literal, get_args
from uuid import UUID

from pydantic_core import from_json, to_json

from fastgres.errors import FieldProblem, InvalidCursorError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Direction = Literal["after", "from", "before", "until"]
"""Where the page lies: after or before the position; `from` and `until` hold the position too."""

MAX_CURSOR_LENGTH: Final = 6_000
_VERSION: Final = 1

_READERS: Final[dict[type, Callable[[Any], Any]]] = {
    bool: bool,
    dt.date: dt.date.fromisoformat,
    dt.datetime: dt.datetime.fromisoformat,
    dt.time: dt.time.fromisoformat,
    dt.timedelta: lambda microseconds: dt.timedelta(microseconds=int(microseconds)),
    Decimal: Decimal,
    float: float,
    int: int,
    str: str,
    UUID: UUID,
}


@dataclass(frozen=True, slots=True)
class Cursor:
    """A position: the sort it belongs to, the direction, and the sort values of one row.

    Values too long for a URL are left out: then `by_key` is set, and `values` is the primary key
    of the row, whose values have to be looked up.
    """

    sort: str
    direction: Direction
    values: tuple[object, ...]
    by_key: bool = False

    def encode(self, *, key: tuple[object, ...]) -> str:
        """Write the cursor as letters, digits, `-` and `_`; `key` serves where it gets too long."""
        text = _text_of(self)
        if len(text) <= MAX_CURSOR_LENGTH:
            return text
        return _text_of(replace(self, values=key, by_key=True))

    @classmethod
    def decode(
        cls, text: str, *, sort: str, types: Sequence[type], key_types: Sequence[type]
    ) -> Cursor:
        """Read a cursor of this sort; raise `InvalidCursorError` for any other text."""
        try:
            found_sort, direction, by_key, values = _content(text)
            if found_sort != sort:
                raise invalid_cursor("It was made for another sort; begin without a cursor.")
            pairs = zip(key_types if by_key else types, values, strict=True)
            return cls(sort, direction, tuple(_read(kind, each) for kind, each in pairs), by_key)
        except (ValueError, TypeError, ArithmeticError, LookupError) as error:
            raise invalid_cursor("It is not one that this list has given out.") from error


def invalid_cursor(reason: str) -> InvalidCursorError:
    """Return the error for a cursor that cannot be used."""
    problem = FieldProblem(("query", "cursor"), InvalidCursorError.code, reason)
    return InvalidCursorError(f"The page cursor cannot be used. {reason}", fields=[problem])


def can_carry(kind: type) -> bool:
    """Tell whether a cursor can hold values of this Python type."""
    return kind in _READERS or issubclass(kind, Enum)


def _text_of(cursor: Cursor) -> str:
    values = [_written(each) for each in cursor.values]
    content = [_VERSION, cursor.sort, cursor.direction, cursor.by_key, values]
    return urlsafe_b64encode(to_json(content)).decode().rstrip("=")


def _content(text: str) -> tuple[str, Direction, bool, list[object]]:
    if len(text) > MAX_CURSOR_LENGTH:
        raise ValueError(len(text))
    raw = b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    version, sort, direction, by_key, values = from_json(raw, allow_inf_nan=False)
    if version != _VERSION or direction not in get_args(Direction) or not isinstance(values, list):
        raise ValueError(version)
    return sort, direction, by_key is True, values


def _written(value: object) -> object:
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, dt.timedelta):
        return value // dt.timedelta(microseconds=1)
    if isinstance(value, (float, Decimal)):
        return str(value)
    if value is None or isinstance(value, (bool, int)):
        return value
    return value.isoformat() if isinstance(value, (dt.date, dt.time)) else str(value)


def _read(kind: type, written: object) -> object:
    if written is None:
        return None
    if issubclass(kind, Enum):
        return kind[_text(written)]
    if kind in (bool, int, dt.timedelta):
        return _READERS[kind](_whole(written, kind))
    return _READERS[kind](_text(written))


def _text(written: object) -> str:
    if not isinstance(written, str):
        raise TypeError(written)
    return written


def _whole(written: object, kind: type) -> int:
    if not isinstance(written, int) or isinstance(written, bool) != (kind is bool):
        raise TypeError(written)
    return written
