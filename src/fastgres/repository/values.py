"""Values that PostgreSQL would refuse, told before they are sent and with their parameter."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from enum import Enum as PythonEnum
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import BigInteger, DateTime, Enum, Integer, SmallInteger, TypeDecorator

from fastgres.errors import FieldProblem, InvalidTextError, InvalidValueError, OutOfRangeError
from fastgres.repository.cursor import invalid_cursor

if TYPE_CHECKING:
    from sqlalchemy.types import TypeEngine

_INTEGER_BITS: Final[tuple[tuple[type[TypeEngine[Any]], int], ...]] = (
    (SmallInteger, 16),
    (BigInteger, 64),
    (Integer, 32),
)
_MOST_DIGITS: Final = 1_000
"""Digits of a number on either side of the point; far beyond any column worth filtering by."""


def check_value(value: object, column: TypeEngine[Any], parameter: str) -> None:
    """Raise the 422 that names the parameter when the value cannot be compared with the column.

    A list is checked value by value.
    """
    for each in value if isinstance(value, (list, tuple, set, frozenset)) else (value,):
        fault = fault_of(each, column)
        if fault:
            kind, message = fault
            problem = FieldProblem(("query", parameter), kind.code, message)
            raise kind(f"{parameter}: {message}", fields=[problem])


def fault_of(value: object, column: TypeEngine[Any]) -> tuple[type[InvalidValueError], str] | None:
    """Return why one value cannot be compared with the column: an error class and a sentence."""
    if isinstance(value, bool):
        return None
    if isinstance(column, TypeDecorator):
        column = column.impl_instance
    if isinstance(value, str) and not isinstance(value, PythonEnum):
        return _fault_of_text(value, column)
    if isinstance(value, dt.datetime):
        return _fault_of_time(value, column)
    if isinstance(value, (float, Decimal)):
        return _fault_of_number(Decimal(value))
    if isinstance(value, int):
        return _fault_of_integer(value, column)
    return None


def _fault_of_text(
    value: str, column: TypeEngine[Any]
) -> tuple[type[InvalidValueError], str] | None:
    if "\0" in value:
        return InvalidTextError, "The text holds a NUL character, which cannot be stored."
    if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
        return InvalidTextError, "The text holds half a character (a lone surrogate)."
    if isinstance(column, Enum) and value not in column.enums:
        return InvalidValueError, f"Allowed are {', '.join(column.enums)}."
    return None


def _fault_of_time(
    value: dt.datetime, column: TypeEngine[Any]
) -> tuple[type[InvalidValueError], str] | None:
    zoned = column.timezone if isinstance(column, DateTime) else None
    if zoned not in {None, value.tzinfo is not None}:
        wanted = "Give the offset from UTC, such as Z." if zoned else "Give no offset from UTC."
        return InvalidValueError, wanted
    try:
        value.astimezone(dt.UTC)
    except OverflowError:
        return OutOfRangeError, "The time is out of range."
    return None


def _fault_of_number(value: Decimal) -> tuple[type[InvalidValueError], str] | None:
    if not value.is_finite():
        return OutOfRangeError, "The number must be finite."
    _, digits, exponent = value.as_tuple()
    if isinstance(exponent, int) and max(len(digits) + exponent, -exponent) > _MOST_DIGITS:
        return OutOfRangeError, "The number has too many digits."
    return None


def _fault_of_integer(
    value: int, column: TypeEngine[Any]
) -> tuple[type[InvalidValueError], str] | None:
    bits = next((bits for kind, bits in _INTEGER_BITS if isinstance(column, kind)), None)
    if bits is None:
        return _fault_of_number(Decimal(value))
    limit = 1 << (bits - 1)
    if -limit <= value < limit:
        return None
    return OutOfRangeError, f"The number must lie between {-limit} and {limit - 1}."


def check_cursor_value(value: object, column: TypeEngine[Any]) -> None:
    """Raise `InvalidCursorError` when a cursor's value cannot be one of the column's.

    Unlike a filter, a position in a list may well be `NaN` or `Infinity`.
    """
    special = isinstance(value, (float, Decimal)) and not Decimal(value).is_finite()
    if not special and fault_of(value, column):
        raise invalid_cursor("It is not one that this list has given out.")
