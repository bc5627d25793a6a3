"""Whether two bodies are the same: byte for byte, but for the spellings that may differ.

May differ: how a float is written (`1` for `1.0`, `1e+20` for `1e20`, and other digits of the same
double, as `-5.0404336026517504e+16` for `-5.04043360265175e+16`), whitespace inside JSON that the
database holds, and the digits of decimals where Python writes an exponent (`0.0000001` for
`1E-7`, and `16130000` for the `1.6130E+7` that asyncpg makes of it).
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any, Final

_EXPONENT: Final = re.compile(r"-?\d(?:\.\d+)?E[+-]\d+")
_FLOAT: Final = re.compile(r"[.eE]")


class Spelled(str):
    """A number as it stands in the text."""

    __slots__ = ()


class Pairs(list[tuple[str, Any]]):
    """The members of an object, in their order, repeated ones too."""


def difference(actual: bytes, right: bytes, *, json_inside: bool, unordered: bool) -> str | None:
    """Say where the bodies differ, or None; arrays are sorted first when they are `unordered`."""
    if actual == right:
        return None
    try:
        found, wanted = _parsed(actual), _parsed(right)
    except ValueError as error:
        return f"not JSON: {error}"
    if not json_inside and _written(found) != actual.decode():
        return "spelled otherwise than compact JSON"
    if unordered:
        found, wanted = _sorted(found), _sorted(wanted)
    return _differs(found, wanted, "$")


def _parsed(body: bytes) -> Any:
    return json.loads(
        body,
        object_pairs_hook=Pairs,
        parse_int=Spelled,
        parse_float=Spelled,
        parse_constant=_no_constant,
    )


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _written(value: Any) -> str:
    """Write a value as compact as it can be, numbers as they were spelled."""
    if isinstance(value, Pairs):
        return "{" + ",".join(f"{_written(key)}:{_written(each)}" for key, each in value) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_written, value)) + "]"
    return value if isinstance(value, Spelled) else json.dumps(value, ensure_ascii=False)


def _sorted(value: Any) -> Any:
    if isinstance(value, Pairs):
        return Pairs((key, _sorted(each)) for key, each in value)
    if isinstance(value, list):
        return sorted((_sorted(each) for each in value), key=_neutral)
    return value


def _neutral(value: Any) -> str:
    """Write a value so that what may be spelled differently is spelled the same."""
    if isinstance(value, Pairs):
        return "{" + ",".join(f"{key!r}:{_neutral(each)}" for key, each in value) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_neutral, value)) + "]"
    if isinstance(value, Spelled) or (isinstance(value, str) and _EXPONENT.fullmatch(value)):
        return f"{Decimal(value).normalize():f}"
    return repr(value)


def _differs(found: Any, wanted: Any, path: str) -> str | None:
    if isinstance(wanted, Pairs) and isinstance(found, Pairs):
        keys, right = [key for key, _ in found], [key for key, _ in wanted]
        if keys != right:
            return f"{path} has the keys {keys!r} instead of {right!r}"
        return _first(found, wanted, path)
    if isinstance(wanted, list) and isinstance(found, list) and type(wanted) is type(found):
        if len(found) != len(wanted):
            return f"{path} has {len(found)} items instead of {len(wanted)}"
        return _first(list(enumerate(found)), list(enumerate(wanted)), path)
    return None if _same(found, wanted) else f"{path} is {found!r} instead of {wanted!r}"


def _first(found: list[tuple[Any, Any]], wanted: list[tuple[Any, Any]], path: str) -> str | None:
    pairs = zip(found, wanted, strict=True)
    faults = (_differs(one, other, f"{path}[{key!r}]") for (key, one), (_, other) in pairs)
    return next((fault for fault in faults if fault), None)


def _same(found: Any, wanted: Any) -> bool:
    if type(found) is not type(wanted) or found == wanted:
        return type(found) is type(wanted)
    if isinstance(wanted, Spelled) and _FLOAT.search(wanted):
        return Decimal(found) == Decimal(wanted) or float(found) == float(wanted)
    if isinstance(wanted, str) and _EXPONENT.fullmatch(wanted):
        return str(found) == f"{Decimal(wanted):f}"
    return False
