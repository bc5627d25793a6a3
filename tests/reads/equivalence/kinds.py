"""The catalogue: every type of column with its values, and the annotations that fields give it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum as PythonEnum
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, Literal, NewType
from uuid import UUID

import sqlalchemy as sa
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from pydantic import (
    UUID4,
    AfterValidator,
    AwareDatetime,
    Base64Str,
    BeforeValidator,
    ByteSize,
    Field,
    FiniteFloat,
    FutureDatetime,
    HttpUrl,
    IPvAnyAddress,
    IPvAnyInterface,
    Json,
    JsonValue,
    NaiveDatetime,
    PastDate,
    PlainSerializer,
    SecretStr,
    StringConstraints,
    WrapSerializer,
    WrapValidator,
)
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.mutable import MutableDict
from sqlalchemy.types import TypeEngine
from typing_extensions import TypeAliasType

from fastgres.db import text_enum
from tests.reads.equivalence import values


class Colour(PythonEnum):
    """Stored by name, written by value; the two never look alike."""

    RED = "rouge"
    GREEN = 'v"ert\\'
    BLUE = "blå 😀"


class Level(IntEnum):
    """Stored by name in an enum type of PostgreSQL, written as a number."""

    LOW = -1
    MID = 0
    HIGH = 10


class Size(StrEnum):
    """Stored and written by value."""

    SMALL = "s"
    LARGE = "L'arge"


class Weekday(PythonEnum):
    """Stored as neither name nor value."""

    MONDAY = 1
    SUNDAY = "seven"


class Cents(sa.types.TypeDecorator[Decimal]):
    """An amount kept as an integer: only Python knows what it means."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: sa.Dialect) -> int | None:
        return None if value is None else int(value * 100)

    def process_result_value(self, value: int | None, dialect: sa.Dialect) -> Decimal | None:
        return None if value is None else Decimal(value) / 100


class Slug(sa.types.TypeDecorator[str]):
    """A type with a name of its own, and nothing else: SQL reads it as well as Python."""

    impl = sa.Text
    cache_ok = True


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """One way in which a model can declare a field for a column, with the values that fit it."""

    annotation: Any
    values: SearchStrategy[Any]
    refusing: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of column: what stands in it, and how fields read it.

    `plain` readings must compile. Of `odd` ones nothing is claimed but that the bytes are right.
    `empty` is the SQL of the default of a column that is never null.
    """

    type: TypeEngine[Any]
    python: Any
    values: SearchStrategy[Any]
    empty: str
    plain: tuple[Reading, ...] = ()
    odd: tuple[Reading, ...] = ()
    json: bool = field(default=False)


def _kind(
    of: TypeEngine[Any] | type[TypeEngine[Any]],
    python: Any,
    drawn: SearchStrategy[Any],
    empty: str,
    *,
    plain: Sequence[Any] = (),
    odd: Sequence[Any] = (Any,),
) -> Kind:
    """Make a kind whose readings take all values, unless they are given as a `Reading`."""
    made = sa.types.to_instance(of)
    return Kind(
        type=made,
        python=python,
        values=drawn,
        empty=empty,
        plain=tuple(each if isinstance(each, Reading) else Reading(each, drawn) for each in plain),
        odd=tuple(each if isinstance(each, Reading) else Reading(each, drawn) for each in odd),
        json=isinstance(made, sa.JSON)
        or (isinstance(made, sa.ARRAY) and isinstance(made.item_type, sa.JSON)),
    )


def _values_of(members: type[PythonEnum]) -> list[str]:
    return [str(member.value) for member in members]


def _lower_names(members: type[PythonEnum]) -> list[str]:
    return [member.name.lower() for member in members]


_ANY_DECIMAL = Annotated[Decimal, Field(allow_inf_nan=True)]
_STRICT_INT = Annotated[int, Field(strict=True)]
_BOUNDED = Annotated[int, Field(ge=-10, le=10)]
_COLOUR = sa.Enum(Colour, name="colour")
_NATIVE_SIZE = sa.Enum(Size, name="size_value", values_callable=_values_of)
_TEXT_SIZE = sa.Enum(Size, native_enum=False, length=20, values_callable=_values_of)
_DRAWN_COLOUR = st.sampled_from(Colour)
_DRAWN_SIZE = st.sampled_from(Size)


_JSON_TEXT = st.sampled_from(['{"a": [1, null]}', "1.50", '"x"', "nonsense"])
_URL = st.sampled_from(["HTTP://Example.com", "https://a.b/c?d=é", "no url"])
_CHANGED_TEXT = (
    Annotated[str, StringConstraints(strip_whitespace=True, to_upper=True)],
    Annotated[str, BeforeValidator(str.swapcase)],
    Annotated[str, AfterValidator(str.title)],
    Annotated[str, WrapValidator(lambda value, inner: inner(value) + "!")],
    Annotated[str, PlainSerializer(len)],
    Annotated[str, WrapSerializer(lambda value, inner: [inner(value)])],
    SecretStr,
    bytes,
    Path,
    TypeAliasType("Text", str),
    Reading(Json, _JSON_TEXT),
    Reading(HttpUrl, _URL),
    Reading(Base64Str, st.sampled_from(["YQ==", "w6k=", "?"])),
    Reading(dt.date, st.sampled_from(["2026-01-02", "x"])),
    Reading(bool, st.sampled_from(["yes", "0", "x"])),
    Reading(Decimal, st.sampled_from(["1.50", "1E3", "NaN"])),
    Reading(UUID, st.uuids().map(str)),
)
"""Texts that Pydantic reads or writes as something else."""


def _numeric(precision: int, scale: int) -> Kind:
    drawn = values.money(precision, scale)
    return _kind(
        sa.Numeric(precision, scale),
        Decimal,
        drawn,
        "0",
        plain=(
            Decimal,
            Reading(
                Annotated[Decimal, Field(max_digits=precision, decimal_places=scale)],
                drawn,
                refusing=True,
            ),
        ),
        odd=(Any, float, int, Annotated[Decimal, PlainSerializer(float)]),
    )


def _array(item: TypeEngine[Any] | type[TypeEngine[Any]], of: Any, drawn: Any, **more: Any) -> Kind:
    """Make the kind of an array: fields take it with and without nulls inside."""
    plain = values.array(drawn)
    if "raw" in more:
        plain |= st.sampled_from([values.Raw(f"{each}") for each in more.pop("raw")])
    gaps = values.array(drawn, nulls=True)
    holed: Any = of | None
    return _kind(
        pg.ARRAY(item, **more),
        list[of],
        plain,
        "'{}'",
        plain=(list[of], Reading(list[holed], gaps)),
        odd=(Any, Sequence[of], tuple[of, ...], Reading(Any, gaps), list[Any]),
    )


_NUMBERS: Final = {
    "small": _kind(
        sa.SmallInteger,
        int,
        values.SMALL,
        "0",
        plain=(int, Reading(_BOUNDED, st.integers(-10, 10), refusing=True)),
        odd=(Any, float, _STRICT_INT, str, NewType("Count", int), ByteSize, bytes),
    ),
    "usual": _kind(
        sa.Integer,
        int,
        values.USUAL,
        "0",
        plain=(int, Reading(Literal[1, 2], st.integers(1, 2), refusing=True)),
        odd=(Any, Reading(Level, st.sampled_from([-1, 0, 10])), Decimal, int | str),
    ),
    "big": _kind(
        sa.BigInteger,
        int,
        values.BIG,
        "0",
        plain=(int,),
        odd=(Any, float, Decimal, dt.datetime, dt.timedelta, Annotated[int, PlainSerializer(str)]),
    ),
    "number": _kind(
        sa.Numeric(),
        Decimal,
        values.NUMBER,
        "0",
        plain=(Decimal,),
        odd=(Any, float, Reading(_ANY_DECIMAL, values.ODD_NUMBER), str),
    ),
    "whole": _numeric(10, 0),
    "price": _numeric(12, 2),
    "domain": _kind(pg.DOMAIN("any_number", sa.Integer()), int, values.USUAL, "0", odd=(int, Any)),
    "oid": _kind(pg.OID, int, st.integers(0, 2**32 - 1), "0", odd=(int, Any)),
    "precise": _numeric(30, 25),
    "approximate": _kind(
        sa.Numeric(12, 2, asdecimal=False), float, values.money(12, 2), "0", odd=(float, Any)
    ),
    "real": _kind(sa.REAL, float, values.REAL, "0", plain=(float,), odd=(Any, Decimal)),
    "double": _kind(
        sa.Double(), float, values.FLOAT, "0", plain=(float,), odd=(Any, Decimal, int, FiniteFloat)
    ),
    "float": _kind(sa.Float(), float, values.PLAIN_FLOAT, "0", plain=(float,)),
    "decimal_float": _kind(
        sa.Float(asdecimal=True), Decimal, st.floats(-1e6, 1e6), "0", odd=(Decimal, Any)
    ),
    "flag": _kind(sa.Boolean, bool, st.booleans(), "false", plain=(bool,), odd=(Any, int, str)),
    "cents": _kind(
        Cents, Decimal, st.integers(-(10**6), 10**6).map(Decimal), "0", odd=(Decimal, Any)
    ),
}
_TEXTS: Final = {
    "text": _kind(
        sa.Text,
        str,
        values.TEXT,
        "''",
        plain=(
            str,
            Reading(Annotated[str, Field(min_length=1)], st.just("long enough"), refusing=True),
        ),
        odd=(
            Any,
            Annotated[str, Field(strict=True)],
            Reading(int, st.sampled_from(["1", " 2 ", "x"])),
            Reading(Size, _DRAWN_SIZE.map(str)),
            Reading(Literal["a", 'b"'], st.sampled_from(["a", 'b"'])),
            *_CHANGED_TEXT,
        ),
    ),
    "varchar": _kind(
        sa.String(20), str, values.TEXT.map(lambda text: text[:20]), "''", plain=(str,)
    ),
    "padded": _kind(sa.CHAR(5), str, values.SHORT_TEXT, "''", plain=(str,)),
    "folded": _kind(pg.CITEXT(), str, values.TEXT, "''", odd=(str, Any)),
    "key": _kind(
        sa.Uuid,
        UUID,
        st.uuids(),
        "'00000000-0000-0000-0000-000000000000'",
        plain=(UUID,),
        odd=(Any, str, bytes, Reading(UUID4, st.uuids(version=4))),
    ),
    "key_text": _kind(
        sa.Uuid(as_uuid=False),
        str,
        st.uuids().map(str),
        "'00000000-0000-0000-0000-000000000000'",
        odd=(str, UUID, Any),
    ),
    "key_chars": _kind(sa.Uuid(native_uuid=False), UUID, st.uuids(), "'0'", odd=(UUID, Any)),
    "colour": _kind(_COLOUR, Colour, _DRAWN_COLOUR, "'RED'", plain=(Colour,), odd=(Any, str)),
    "colour_text": _kind(
        sa.Enum(Colour, native_enum=False, length=20),
        Colour,
        _DRAWN_COLOUR,
        "'RED'",
        plain=(Colour,),
    ),
    "level": _kind(
        sa.Enum(Level, name="level"),
        Level,
        st.sampled_from(Level),
        "'LOW'",
        plain=(Level,),
        odd=(int, Any, Literal[Level.LOW, Level.MID, Level.HIGH]),
    ),
    "size": _kind(text_enum(Size), Size, _DRAWN_SIZE, "'s'", plain=(Size,), odd=(str, Any)),
    "native_size": _kind(_NATIVE_SIZE, Size, _DRAWN_SIZE, "'s'", plain=(Size,), odd=(str,)),
    "weekday": _kind(
        sa.Enum(Weekday, name="weekday", values_callable=_lower_names),
        Weekday,
        st.sampled_from(Weekday),
        "'monday'",
        plain=(Weekday,),
        odd=(Any,),
    ),
    "size_name": _kind(
        sa.Enum(Size, name="size_name"),
        Size,
        _DRAWN_SIZE,
        "'SMALL'",
        plain=(Size,),
        odd=(str, Any, Literal[Size.SMALL, Size.LARGE]),
    ),
    "slug": _kind(Slug, str, values.TEXT, "''", plain=(str,)),
    "words": _kind(
        sa.Enum("a", 'b"', name="words"), str, st.sampled_from(["a", 'b"']), "'a'", odd=(str, Any)
    ),
}
_TIMES: Final = {
    "day": _kind(
        sa.Date,
        dt.date,
        values.DATE,
        "'2026-01-01'",
        plain=(dt.date,),
        odd=(Any, str, dt.datetime, Reading(PastDate, values.DATE, refusing=True)),
    ),
    "time": _kind(sa.Time, dt.time, values.TIME, "'12:00'", plain=(dt.time,), odd=(Any,)),
    "zoned_time": _kind(
        sa.Time(timezone=True), dt.time, values.TIMETZ, "'12:00+01'", odd=(dt.time, Any)
    ),
    "moment": _kind(
        sa.DateTime,
        dt.datetime,
        values.TIMESTAMP,
        "'2026-01-01'",
        plain=(dt.datetime,),
        odd=(
            *(Any, dt.date, str, NaiveDatetime, float),
            Reading(AwareDatetime, values.TIMESTAMP, refusing=True),
        ),
    ),
    "zoned": _kind(
        sa.DateTime(timezone=True),
        dt.datetime,
        values.TIMESTAMPTZ,
        "'2026-01-01Z'",
        plain=(dt.datetime, Reading(AwareDatetime, values.TIMESTAMPTZ)),
        odd=(
            *(Any, str, dt.date, int, dt.time),
            Reading(NaiveDatetime, values.PLAIN_TIMESTAMPTZ, refusing=True),
            Reading(FutureDatetime, values.PLAIN_TIMESTAMPTZ, refusing=True),
        ),
    ),
    "short_moment": _kind(
        pg.TIMESTAMP(timezone=True, precision=1),
        dt.datetime,
        values.PLAIN_TIMESTAMPTZ,
        "'2026-01-01Z'",
        plain=(dt.datetime,),
    ),
    "span": _kind(sa.Interval, dt.timedelta, values.INTERVAL, "'1 day'", odd=(dt.timedelta, Any)),
}
_REST: Final = {
    "blob": _kind(sa.LargeBinary, bytes, values.BYTES, "''", odd=(bytes, Any)),
    "address": _kind(
        pg.INET(), Any, values.INET, "'127.0.0.1'", odd=(IPvAnyAddress, IPvAnyInterface, Any, str)
    ),
    "network": _kind(pg.INET(), Any, values.INTERFACE, "'::1/64'", odd=(IPvAnyInterface, Any)),
    "machine": _kind(
        pg.MACADDR(), str, st.just("08:00:2b:01:02:03"), "'08:00:2b:01:02:03'", odd=(str, Any)
    ),
    "anything": _kind(
        pg.JSONB, Any, values.JSON, "'{}'", plain=(Any,), odd=(JsonValue, dict[str, Any], object)
    ),
    "mapping": _kind(
        pg.JSONB,
        dict[str, Any],
        values.JSON_OBJECT,
        "'{}'",
        plain=(dict[str, Any],),
        odd=(Any, dict[str, int], dict[str, JsonValue], dict[Any, Any]),
    ),
    "listing": _kind(
        pg.JSONB, list[Any], values.JSON_ARRAY, "'[]'", odd=(list[Any], list[str], tuple[Any, ...])
    ),
    "typed_json": _kind(pg.JSON, Any, values.JSON_AS_TYPED, "'{}'", plain=(Any,), odd=(JsonValue,)),
    "mutable": _kind(
        MutableDict.as_mutable(pg.JSONB),
        dict[str, Any],
        values.JSON_OBJECT,
        "'{}'",
        plain=(dict[str, Any],),
    ),
    "nullish_json": _kind(
        pg.JSONB(none_as_null=True), Any, values.JSON_OBJECT, "'{}'", plain=(Any,), odd=(str,)
    ),
}
_ARRAYS: Final = {
    "texts": _array(sa.Text, str, values.TEXT),
    "integers": _array(
        sa.Integer,
        int,
        values.USUAL,
        raw=("'[0:1]={7,8}'::int[]", "'[-3:-3]={7}'::int[]", "'{{1,2},{3,4}}'::int[]"),
    ),
    "varchars": _array(sa.String(3), str, values.TEXT.map(lambda text: text[:3])),
    "padded_ones": _array(sa.CHAR(3), str, values.TEXT.map(lambda text: text[:3])),
    # Not the empty text: asyncpg 0.32 crashes the process when it reads it in a citext[].
    "foldeds": _array(pg.CITEXT, str, values.TEXT.filter(bool)),
    "prices": _array(sa.Numeric(12, 2), Decimal, values.money(12, 2)),
    "size_names": _array(sa.Enum(Size, name="size_name"), Size, _DRAWN_SIZE),
    "typed_papers": _array(pg.JSON, Any, values.JSON, dimensions=1),
    "bigs": _array(sa.BigInteger, int, values.BIG),
    "flags": _array(sa.Boolean, bool, st.booleans()),
    "keys": _array(sa.Uuid, UUID, st.uuids()),
    "days": _array(sa.Date, dt.date, values.DATE),
    "times": _array(sa.Time, dt.time, values.TIME),
    "moments": _array(sa.DateTime, dt.datetime, values.TIMESTAMP),
    "zoneds": _array(sa.DateTime(timezone=True), dt.datetime, values.TIMESTAMPTZ),
    "numbers": _array(sa.Numeric, Decimal, values.NUMBER),
    "doubles": _array(sa.Double(), float, values.FLOAT),
    "reals": _array(sa.REAL, float, values.REAL),
    "colours": _array(_COLOUR, Colour, _DRAWN_COLOUR),
    "sizes": _array(_TEXT_SIZE, Size, _DRAWN_SIZE),
    "papers": _array(pg.JSONB, Any, values.JSON, dimensions=1),
    "grid": _kind(
        pg.ARRAY(sa.Integer, dimensions=2),
        list[list[int]],
        st.integers(0, 2).flatmap(
            lambda width: st.lists(
                st.lists(values.USUAL, min_size=width, max_size=width), max_size=2 if width else 0
            )
        ),
        "'{}'",
        odd=(list[list[int]], Any),
    ),
}

KINDS: Final[dict[str, Kind]] = _NUMBERS | _TEXTS | _TIMES | _REST | _ARRAYS
