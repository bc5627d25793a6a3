"""What stands in columns: values at the edges of every type, and everything between."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from ipaddress import IPv4Address, IPv6Address, ip_interface
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy


@dataclass(frozen=True, slots=True)
class Raw:
    """A value that Python cannot send: SQL of a constant, as it stands in an INSERT."""

    sql: str


MARKED: Final = (
    *("", " ", "  padded  ", "null", "NULL", "NaN", "true", "1E-7", "0.0000001", "{}", "[]"),
    *('"', "\\", '\\"', "'", "''", "%", "%s", "%(x)s", ":x", "$1", "${}", "{0}", "</script>"),
    *("\b\t\n\v\f\r", "\x01\x1f\x7f\x80\x9f", "\u2028\u2029", "\ufeff", "\ufffe\uffff"),
    *("😀", "👩‍👩‍👧", "\U0010ffff", "é", "e\u0301", "ß", "İ", "\u202eabc", "日本語"),
)
_CHARACTER = st.characters(exclude_characters="\0", exclude_categories=["Cs"])
TEXT = st.sampled_from(MARKED) | st.text(_CHARACTER, max_size=8)
SHORT_TEXT = st.text(_CHARACTER, max_size=5)
ASCII = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=6)

SMALL = st.integers(-(2**15), 2**15 - 1)
USUAL = st.integers(-(2**31), 2**31 - 1)
BIG = st.integers(-(2**63), 2**63 - 1) | st.sampled_from([2**53, 2**53 + 1, -(2**63), 2**63 - 1])

_EDGES = ("0", "-0", "0E-10", "0.000001", "0.0000001", "1E-7", "1.50", "100", "1E+3", "-1E-20")


def _scaled(digits: int, exponent: int) -> Decimal:
    """Return a number without the rounding of Python's decimal context."""
    return Decimal(f"{digits}E{exponent}")


NUMBER = st.sampled_from([Decimal(edge) for edge in _EDGES]) | st.builds(
    _scaled, st.integers(-(10**28) + 1, 10**28 - 1), st.integers(-40, 20)
)
ODD_NUMBER = NUMBER | st.sampled_from([Decimal("NaN"), Raw("'Infinity'::numeric")])
PLAIN_FLOAT = st.floats(allow_nan=False, allow_infinity=False)
FLOAT = st.floats()
REAL = st.floats(width=32)


def money(digits: int, places: int) -> SearchStrategy[Decimal]:
    """Return numbers that fit numeric(digits, places) exactly."""
    limit = 10**digits - 1
    return st.integers(-limit, limit).map(lambda units: _scaled(units, -places))


DATE = st.dates() | st.sampled_from(
    [
        dt.date.min,
        dt.date.max,
        Raw("'infinity'::date"),
        Raw("'-infinity'::date"),
        Raw("'0001-01-01'::date"),
        Raw("'9999-12-31'::date"),
    ]
)
_ROUND_TIME = st.times().map(lambda time: time.replace(microsecond=0))
_OFFSETS = st.integers(-15 * 3600 - 59 * 60, 15 * 3600 + 59 * 60)
_ZONES = st.one_of(
    st.sampled_from([dt.UTC, dt.timezone(dt.timedelta(hours=5, minutes=30))]),
    _OFFSETS.map(lambda seconds: dt.timezone(dt.timedelta(minutes=seconds // 60))),
)
_ODD_ZONES = _OFFSETS.map(lambda seconds: dt.timezone(dt.timedelta(seconds=seconds)))
TIME = st.times() | _ROUND_TIME | st.sampled_from([dt.time.min, dt.time.max, dt.time(1, 2, 3, 400)])
TIMETZ = st.builds(lambda time, zone: time.replace(tzinfo=zone), TIME, _ZONES | _ODD_ZONES)
_MIN = dt.datetime.fromisoformat("0001-01-01")
_NAIVE = st.datetimes() | st.datetimes().map(lambda moment: moment.replace(microsecond=0))
TIMESTAMP = _NAIVE | st.sampled_from(
    [
        _MIN,
        Raw("'infinity'::timestamp"),
        Raw("'-infinity'::timestamp"),
        Raw("'0001-01-01 00:00'::timestamp"),
        Raw("'9999-12-31 23:59:59.999999'::timestamp"),
        Raw("'2026-01-01 00:00:00.1'::timestamp"),
    ]
)
_DAY = dt.timedelta(days=1)
PLAIN_TIMESTAMPTZ = st.builds(
    lambda moment, zone: moment.replace(tzinfo=zone),
    st.datetimes(_MIN + _DAY, dt.datetime.fromisoformat("9999-12-30")),
    _ZONES,
)
TIMESTAMPTZ = PLAIN_TIMESTAMPTZ | st.sampled_from(
    [
        Raw("'infinity'::timestamptz"),
        Raw("'-infinity'::timestamptz"),
        Raw("'0001-01-01 00:00Z'::timestamptz"),
        Raw("'9999-12-31 23:59:59.999999Z'::timestamptz"),
        Raw("'2026-03-29 01:30:00.12+00'::timestamptz"),
        Raw("'1900-01-01 00:00:00.000001+00'::timestamptz"),
    ]
)
INTERVAL = st.timedeltas(dt.timedelta(days=-(10**6)), dt.timedelta(days=10**6))
BYTES = st.binary(max_size=8) | ASCII.map(str.encode)
INET = st.builds(IPv4Address, st.integers(0, 2**32 - 1)) | st.builds(
    IPv6Address, st.integers(0, 2**128 - 1)
)
INTERFACE = st.builds(lambda host, bits: ip_interface(f"{host}/{bits}"), INET, st.integers(0, 32))

_JSON_NUMBER = (
    st.integers(-(2**70), 2**70)
    | PLAIN_FLOAT
    | st.sampled_from([0.0, -0.0, 1.0, 1e22, 1e23, 1e-7, 5e-324, 10**30])
)
_JSON_LEAF = st.none() | st.booleans() | _JSON_NUMBER | TEXT
JSON = st.recursive(
    _JSON_LEAF,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
JSON_OBJECT = st.dictionaries(TEXT, JSON, max_size=3)
JSON_ARRAY = st.lists(JSON, max_size=3)
JSON_AS_TYPED = JSON | st.sampled_from(
    [
        Raw("""'{ "b" : 1.0E+2, "a":\t[ 1 , 2.50 ] }'::json"""),
        Raw("""'  "\\u00e9\\/\\ud83d\\ude00"  '::json"""),
        Raw("""'{"a": {"z": -0.0, "é": "\\u0001"}}'::json"""),
    ]
)


def array(item: SearchStrategy[Any], *, nulls: bool = False) -> SearchStrategy[list[Any]]:
    """Return arrays of values that Python can send: empty, short, with nulls when asked."""
    sendable = item.filter(lambda value: not isinstance(value, Raw))
    return st.lists(st.none() | sendable if nulls else sendable, max_size=4)
