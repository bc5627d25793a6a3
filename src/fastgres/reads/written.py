"""How a value of a column is written as JSON by SQL, so that Pydantic would have written the same.

`writing_of` knows the pairs of column type and field type for which that is certain. For all
others it returns the reason, and the plan becomes a loaded one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pydantic import TypeAdapter
from sqlalchemy import (
    ARRAY,
    JSON,
    Boolean,
    Date,
    DateTime,
    Double,
    Enum,
    Float,
    Integer,
    Numeric,
    String,
    Text,
    Time,
    TypeDecorator,
    Uuid,
    case,
    cast,
    func,
    literal_column,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import DOMAIN, JSONB
from sqlalchemy.dialects.postgresql import asyncpg as asyncpg_dialect

from fastgres.reads import sql
from fastgres.reads.shape import Json, Many, Scalar

if TYPE_CHECKING:
    from sqlalchemy.types import TypeEngine

    from fastgres.reads.shape import Shape

DIALECT: Final = asyncpg_dialect.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped
_ANY: Final = TypeAdapter[Any](Any)


@dataclass(frozen=True, slots=True)
class Writing:
    """Write an expression as JSON text; NULL stays NULL.

    `quoted`: the quotes are still missing. `may_be_null`: some values are written as NULL.
    """

    write: Callable[[Any], Any]
    quoted: bool = False
    may_be_null: bool = False


def writing_of(kind: TypeEngine[Any], shape: Shape) -> Writing | str:
    """Return how a column of this type is written for a field of this shape, or why not by SQL."""
    if isinstance(kind, TypeDecorator):
        if _converts(kind):
            return f"is converted by {type(kind).__name__} in Python"
        return writing_of(kind.impl_instance, shape)
    if isinstance(kind, DOMAIN):
        return writing_of(kind.data_type, shape)
    if not type(kind).__module__.startswith("sqlalchemy."):
        return f"is of the type {type(kind).__name__}, which may convert in Python"
    if isinstance(shape, Json) or isinstance(kind, (JSON, ARRAY)):
        return _container(kind, shape)
    return _scalar(kind, shape)


def _scalar(kind: TypeEngine[Any], shape: Shape) -> Writing | str:
    if not isinstance(shape, Scalar):
        return f"holds {_called(kind)}, and the model expects {type(shape).__name__.lower()}"
    write = next((write for types, write in _SCALARS if isinstance(kind, types)), None)
    if write is None:
        return f"is of the type {_called(kind)}, which only Python writes"
    return write(kind, shape) or (
        f"is {shape.kind} in the model and {_called(kind)} in the table, which is for Pydantic "
        "to convert or refuse"
    )


def _converts(kind: TypeDecorator[Any]) -> bool:
    cls = type(kind)
    return (
        cls.process_result_value is not TypeDecorator.process_result_value
        or cls.result_processor is not TypeDecorator.result_processor
    )


def _called(kind: TypeEngine[Any]) -> str:
    return repr(kind).removesuffix("()").lower()


def _text(expression: Any) -> Any:
    return cast(expression, Text)


def _same(expression: Any) -> Any:
    return expression


def _json(expression: Any) -> Any:
    return func.to_json(expression)


def _const(text: str) -> Any:
    return literal_column(text, Text)


_MARK: Final = _const(sql.ONLY_PYTHON)
_AS_TEXT: Final = Writing(_text)
_AS_IT_IS: Final = Writing(_same)
_AS_QUOTED: Final = Writing(_same, quoted=True)
_AS_JSON: Final = Writing(_json)


def _bool(_: Boolean, shape: Scalar) -> Writing | None:
    return _AS_TEXT if shape.kind in {"bool", "any"} else None


def _int(_: Integer, shape: Scalar) -> Writing | None:
    if shape.kind == "float":
        return Writing(lambda value: _text(cast(value, Double)))
    if shape.kind == "decimal":
        return _AS_QUOTED
    return _AS_IT_IS if shape.kind in {"int", "any", "literal"} else None


def _numeric(kind: Numeric[Any], shape: Scalar) -> Writing | None:
    if shape.kind == "float":
        return _floating(shape)
    if not kind.asdecimal:
        return None
    if shape.kind == "any" or (shape.kind == "decimal" and not shape.finite):
        return _AS_QUOTED
    write = _finite_decimal if kind.precision is None else _decimal_of_a_precision
    return Writing(write, quoted=True) if shape.kind == "decimal" else None


def _finite_decimal(value: Any) -> Any:
    return case((_no_number(value), _MARK), else_=_text(value))


def _decimal_of_a_precision(value: Any) -> Any:
    """Look for NaN alone: a column that bounds the digits cannot hold infinity."""
    return case((value == literal_column(sql.NAN), _MARK), else_=_text(value))


def _no_number(value: Any) -> Any:
    return value.op("IN", is_comparison=True)(literal_column(sql.NO_NUMBERS))


def _float(_: Float[Any], shape: Scalar) -> Writing | None:
    return _floating(shape) if shape.kind == "float" else None


def _floating(shape: Scalar) -> Writing:
    no_number = _MARK if shape.finite else _const(sql.NULL)

    def write(value: Any) -> Any:
        number = cast(value, Double)
        return case((_no_number(number), no_number), else_=_text(number))

    return Writing(write)


def _uuid(kind: Uuid[Any], shape: Scalar) -> Writing | None:
    if not kind.native_uuid:
        return None
    wanted = {"uuid", "any"} if kind.as_uuid else {"str", "any", "uuid"}
    return _AS_QUOTED if shape.kind in wanted else None


def _date(_: Date, shape: Scalar) -> Writing | None:
    if shape.kind not in {"date", "any"}:
        return None

    def write(value: Any) -> Any:
        outside = _outside(value, sql.FIRST_DAY, sql.AFTER_LAST_DAY)
        return case((outside, _MARK), else_=_text(_json(value)))

    return Writing(write)


def _outside(value: Any, first: str, after_last: str) -> Any:
    return or_(value < literal_column(first), value >= literal_column(after_last))


def _datetime(kind: DateTime, shape: Scalar) -> Writing | None:
    if shape.kind not in {"datetime", "any"}:
        return None

    def write_zoned(value: Any) -> Any:
        outside = _outside(value, sql.FIRST_MOMENT, sql.AFTER_LAST_MOMENT)
        utc = func.timezone(literal_column(sql.UTC), value)
        moment = func.to_char(utc, literal_column(sql.UTC_MOMENT))
        short = func.replace(moment, literal_column(sql.NO_UTC_MICROSECONDS), literal_column(sql.Z))
        return case((outside, _MARK), else_=short)

    def write_plain(value: Any) -> Any:
        outside = _outside(value, sql.FIRST_DAY, sql.AFTER_LAST_DAY)
        moment = func.to_char(value, literal_column(sql.MOMENT))
        return case((outside, _MARK), else_=_without_microseconds(moment))

    return Writing(write_zoned if kind.timezone else write_plain, quoted=True)


def _time(kind: Time, shape: Scalar) -> Writing | None:
    if shape.kind not in {"time", "any"} or kind.timezone:
        return None

    def write(value: Any) -> Any:
        time = func.to_char(value, literal_column(sql.TIME))
        midnight = value == literal_column(sql.MIDNIGHT_AFTER)
        return case((midnight, _MARK), else_=_without_microseconds(time))

    return Writing(write, quoted=True)


def _without_microseconds(moment: Any) -> Any:
    return func.replace(moment, literal_column(sql.NO_MICROSECONDS), literal_column(sql.EMPTY))


def _string(_: String, shape: Scalar) -> Writing | None:
    if shape.kind == "enum" and shape.enum is not None:
        return _AS_JSON if all(isinstance(each.value, str) for each in shape.enum) else None
    return _AS_JSON if shape.kind in {"str", "any", "literal"} else None


def _enum(kind: Enum, shape: Scalar) -> Writing | None:
    if kind.enum_class is None:
        return _string(kind, shape)
    wanted = {"any", "enum"}
    if issubclass(kind.enum_class, str):
        wanted |= {"str", "literal"}
    if shape.kind not in wanted or (shape.kind == "enum" and shape.enum is not kind.enum_class):
        return None
    member_of: Any = kind.dialect_impl(DIALECT).result_processor(DIALECT, None)
    tokens = {label: _ANY.dump_json(member_of(label)).decode() for label in kind.enums}
    if all(token == f'"{label}"' for label, token in tokens.items()):
        return _AS_JSON

    def write(value: Any) -> Any:
        labels = [(_text(value) == _const(sql.quoted(label)), label) for label in tokens]
        known = [(is_it, _const(sql.quoted(tokens[label]))) for is_it, label in labels]
        return case((value.is_(None), None), *known, else_=_MARK)

    return Writing(write)


_SCALARS: Final[tuple[tuple[Any, Callable[[Any, Scalar], Writing | None]], ...]] = (
    (Boolean, _bool),
    (Integer, _int),
    (Float, _float),
    (Numeric, _numeric),
    (Uuid, _uuid),
    (Date, _date),
    (DateTime, _datetime),
    (Time, _time),
    (Enum, _enum),
    (String, _string),
)
"""The first that fits counts: Float is a Numeric, Enum is a String."""


def _container(kind: TypeEngine[Any], shape: Shape) -> Writing | str:
    anything = isinstance(shape, Scalar) and shape.kind == "any"
    if isinstance(kind, JSON):
        if not anything and not isinstance(shape, Json):
            return "is JSON that is typed, which only Python checks and converts"
        return _json_of(kind, shape.container if isinstance(shape, Json) else "any")
    if not isinstance(kind, ARRAY):
        return f"holds {_called(kind)}, and the model expects JSON"
    if isinstance(shape, Many):
        return _array(kind, shape.item)
    if anything or (isinstance(shape, Json) and shape.container == "list"):
        return _array(kind, Scalar("any"))
    return "is an array, and the model expects something else"


def _json_of(kind: JSON, container: str) -> Writing:
    """Write a JSON column: its null is a null like any other, another container is Python's."""
    type_of = func.jsonb_typeof if isinstance(kind, JSONB) else func.json_typeof

    def write(value: Any) -> Any:
        found = type_of(value)
        null = (found == _const(sql.NULL), None)
        if container == "any":
            return case(null, else_=_compact_lines(value))
        expected = _const(_TYPES_OF_JSON[container])
        return case((found == expected, _compact_lines(value)), null, (value.is_not(None), _MARK))

    return Writing(write, may_be_null=True)


_TYPES_OF_JSON: Final = {"dict": "'object'", "list": "'array'"}


def _compact_lines(value: Any) -> Any:
    """Write JSON on one line; a line break in it can only be whitespace between its parts."""
    return func.translate(
        _text(value), literal_column("chr(10) || chr(13)"), literal_column("'  '")
    )


def _array(kind: ARRAY[Any], item: Shape) -> Writing | str:
    if kind.as_tuple or (kind.dimensions or 1) > 1:
        return "is an array of arrays"
    writing = writing_of(kind.item_type, item)
    if isinstance(writing, str):
        return f"is an array whose items cannot be written: each {writing}"
    if writing in {_AS_IT_IS, _AS_TEXT, _AS_JSON} and not isinstance(kind.item_type, Enum):
        return Writing(lambda value: _flat(value, _json(value)))
    if writing == _AS_QUOTED:
        return Writing(lambda value: _flat(value, _json(cast(value, ARRAY(Text)))))
    return Writing(lambda value: _flat(value, _each_written(value, writing)))


def _flat(value: Any, written: Any) -> Any:
    """Leave arrays of arrays to Python: the table cannot say that there are none."""
    return case((func.array_ndims(value) > literal_column("1"), _MARK), else_=_text(written))


def _each_written(value: Any, writing: Writing) -> Any:
    item = func.unnest(value, type_=value.type.item_type).column_valued("item")
    token = func.coalesce(as_token(item, writing), _const(sql.NULL))
    each = select(token).scalar_subquery()
    listed = func.array_to_string(func.array(each), literal_column(sql.COMMA))
    return case((value.is_(None), None), else_=func.concat(_const("'['"), listed, _const("']'")))


def as_token(value: Any, writing: Writing) -> Any:
    """Write an expression with its quotes, as text; NULL stays NULL."""
    written = _text(writing.write(value))
    if not writing.quoted:
        return written
    quote = _const(sql.QUOTE)
    return quote.op("||")(written).op("||")(quote)
