"""Answers are compared by value before anything is measured.

Decimals may be strings or numbers, times may be spelt in any way that names the same instant, a
page may have any frame around its items. Everything else has to be equal.
"""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from bench.sample import WRITES

DECIMALS = frozenset({"total", "unit_price"})
TIMES = frozenset({"created_at"})
KEYS = frozenset({"id"})
FRAMES = ("items", "results")
"""What peers call the list within a page."""


def parsed(endpoint: str, body: bytes) -> Any:
    """Read an answer: one object, or the items of a page."""
    value = json.loads(body, parse_float=Decimal)
    if endpoint in {"flat", "nested", *WRITES}:
        return normal(value)
    for frame in FRAMES:
        if isinstance(value, dict) and frame in value:
            return normal(value[frame])
    return normal(value)


def normal(value: Any, name: str = "") -> Any:
    """Return a value in the one spelling that all are compared in."""
    if isinstance(value, dict):
        return {key: normal(each, key) for key, each in value.items()}
    if isinstance(value, list):
        return [normal(each) for each in value]
    try:
        return _spelled(value, name)
    except (ValueError, InvalidOperation, TypeError):
        return value


def _spelled(value: Any, name: str) -> Any:
    if name in DECIMALS and isinstance(value, str | int | Decimal):
        return Decimal(value)
    if name in TIMES and isinstance(value, str):
        return dt.datetime.fromisoformat(value)
    return UUID(str(value)) if name in KEYS else value


def difference(found: Any, right: Any, place: str = "$") -> str | None:
    """Say where two normalised answers first differ; None when they are equal."""
    if isinstance(found, dict) and isinstance(right, dict):
        if found.keys() != right.keys():
            return f"{place} has the fields {sorted(found)}, not {sorted(right)}"
        pairs = [(f"{place}.{key}", found[key], right[key]) for key in right]
    elif isinstance(found, list) and isinstance(right, list):
        if len(found) != len(right):
            return f"{place} has {len(found)} elements, not {len(right)}"
        pairs = [(f"{place}[{n}]", *pair) for n, pair in enumerate(zip(found, right, strict=True))]
    else:
        return None if _equal(found, right) else f"{place} is {found!r}, not {right!r}"
    differences = (difference(left, other, where) for where, left, other in pairs)
    return next((each for each in differences if each), None)


def _equal(found: Any, right: Any) -> bool:
    """Compare two values; a bool is no number, and a time without zone is no instant."""
    return type(found) is type(right) and found == right
