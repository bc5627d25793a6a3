"""Values as JSON: which pairs of column and field SQL writes, and what it leaves to Python."""

from __future__ import annotations

import datetime as dt
import enum
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Literal
from uuid import UUID

import pytest
from fastapi.exceptions import ResponseValidationError
from pydantic import BaseModel, Field, create_model
from pydantic_core import from_json
from sqlalchemy import (
    JSON,
    Boolean,
    Date,
    DateTime,
    Enum,
    Float,
    Integer,
    LargeBinary,
    Numeric,
    String,
    Text,
    Time,
    TypeDecorator,
    Uuid,
    insert,
    literal_column,
    types,
)
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from fastgres.reads import Reads
from fastgres.reads.shape import shape_of
from fastgres.reads.written import Writing, writing_of
from tests.models import Genre

if TYPE_CHECKING:
    from fastgres.db import Session


class Number(enum.IntEnum):
    """Stored by name, written as a number."""

    ONE = 1


class Own(types.UserDefinedType[str]):
    """A type of the application's own."""

    cache_ok = True


class Stripped(TypeDecorator[str]):
    """Converts on the way in alone."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        return value


class Raised(Stripped):
    """Converts on the way out."""

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        return value


class Processed(Stripped):
    """Converts on the way out, by the other hook."""

    def result_processor(self, dialect: Any, coltype: Any) -> Any:
        return None


def writing(kind: Any, annotation: Any) -> Writing | str:
    """Return how a column of a type is written for a field of an annotation."""
    model: type[BaseModel] = create_model("Example", field=(annotation, ...))
    return writing_of(types.to_instance(kind), shape_of(model).fields[0].shape)


@pytest.mark.parametrize(
    ("kind", "annotation"),
    [
        (Boolean, bool),
        (Integer, int),
        (Integer, float),
        (Integer, Decimal),
        (Integer, Literal[1, 2]),
        (Numeric(10, 2), Decimal),
        (Numeric(10, 2), float),
        (Float, float),
        (Uuid, UUID),
        (Uuid(as_uuid=False), str),
        (Date, dt.date),
        (DateTime, dt.datetime),
        (DateTime(timezone=True), dt.datetime),
        (Time, dt.time),
        (String, str),
        (Text, Literal["a"]),
        (String, Genre),
        (Enum(Genre, values_callable=list), Genre),
        (Enum(Genre, values_callable=list), str),
        (Enum("a", "b", name="ab"), str),
        (Enum(Number), Number),
        (JSON, dict[str, Any]),
        (pg.JSONB, dict),
        (pg.JSONB, list),
        (pg.JSONB, Any),
        (pg.ARRAY(Integer), list[int]),
        (pg.ARRAY(DateTime(timezone=True)), list[dt.datetime]),
        (pg.ARRAY(Enum(Number)), list[Number]),
        (pg.ARRAY(String), Any),
        (pg.DOMAIN("positive", Integer), int),
        (Stripped, str),
        (String, Any),
        (Date, Any),
        (Uuid, Any),
    ],
    ids=str,
)
def test_pair_that_sql_writes(kind: Any, annotation: Any) -> None:
    """As `tests/reads/test_equivalence.py` holds it to be right."""
    assert isinstance(writing(kind, annotation), Writing)
    assert isinstance(writing(kind, annotation | None), Writing)


@pytest.mark.parametrize(
    ("kind", "annotation", "why"),
    [
        (Integer, bool, "is bool in the model and integer in the table"),
        (Integer, str, "is str in the model"),
        (String, int, "is int in the model and string in the table"),
        (String, dt.date, "is date in the model"),
        (String, Number, "is enum in the model"),
        (Boolean, int, "is int in the model"),
        (Numeric, int, "is int in the model"),
        (Numeric(asdecimal=False), Decimal, "is decimal in the model"),
        (Float, Decimal, "is decimal in the model"),
        (Date, dt.datetime, "is datetime in the model and date in the table"),
        (DateTime, dt.date, "is date in the model"),
        (Time(timezone=True), dt.time, "is time in the model"),
        (Uuid, str, "is str in the model"),
        (Uuid(as_uuid=False, native_uuid=False), UUID, "is "),
        (Enum(Genre), Number, "is enum in the model"),
        (Enum(Number), str, "is str in the model"),
        (Enum(Number), int, "is int in the model"),
        (LargeBinary, bytes, "model expects opaque"),
        (pg.INTERVAL, dt.timedelta, "model expects opaque"),
        (pg.INTERVAL, Any, "is of the type interval, which only Python writes"),
        (pg.INET, str, "is of the type inet, which only Python writes"),
        (pg.INT4RANGE, Any, "is of the type int4range, which only Python writes"),
        (Own, Any, "is of the type Own, which may convert in Python"),
        (Raised, str, "is converted by Raised in Python"),
        (Processed, str, "is converted by Processed in Python"),
        (pg.ARRAY(Raised), list[str], "items cannot be written: each is converted by Raised"),
        (pg.ARRAY(Integer), list[str], "items cannot be written: each is str in the model"),
        (pg.ARRAY(Integer, dimensions=2), list[list[int]], "is an array of arrays"),
        (pg.ARRAY(Integer, as_tuple=True), list[int], "is an array of arrays"),
        (pg.ARRAY(Integer), int, "is an array, and the model expects something else"),
        (pg.ARRAY(Integer), dict[str, Any], "is an array, and the model expects something else"),
        (JSON, dict[str, int], "is JSON that is typed"),
        (JSON, list[int], "is JSON that is typed"),
        (JSON, str, "is JSON that is typed"),
        (String, dict[str, Any], "holds string, and the model expects JSON"),
        (String, list[str], "holds string, and the model expects many"),
    ],
    ids=str,
)
def test_pair_that_only_python_writes(kind: Any, annotation: Any, why: str) -> None:
    """With the reason."""
    told = writing(kind, annotation)
    assert isinstance(told, str)
    assert why in told


class SampleBase(DeclarativeBase):
    """A table of its own."""


class Sample(SampleBase):
    """Columns whose values SQL cannot always answer for."""

    __tablename__ = "samples"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str | None]
    count: Mapped[int | None]
    moment: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    local: Mapped[dt.datetime | None] = mapped_column(DateTime)
    day: Mapped[dt.date | None]
    time: Mapped[dt.time | None]
    amount: Mapped[Decimal | None] = mapped_column(Numeric)
    price: Mapped[Decimal | None] = mapped_column(Numeric(10, 2))
    genre: Mapped[Genre | None] = mapped_column(
        Enum(Genre, native_enum=False, create_constraint=False)
    )
    data: Mapped[Any | None] = mapped_column(pg.JSONB)
    grid: Mapped[list[int] | None] = mapped_column(pg.ARRAY(Integer))


async def stored(session: Session, column: str, value: str) -> None:
    """Store a value that is written as SQL, as another program might have, between two others."""
    await (await session.connection()).run_sync(SampleBase.metadata.create_all)
    rows: Any = [{"id": 1}, {"id": 2, column: literal_column(value)}, {"id": 3}]
    for row in rows:
        await session.execute(insert(Sample).values(row))


def reads_of(column: str, annotation: Any) -> tuple[Reads[Any], Reads[Any]]:
    """Make reads of one column, compiled and by the ORM."""
    fields: Any = {"id": (int, ...), column: (annotation, ...)}
    model: Any = create_model("SampleRead", **fields)
    return Reads(Sample, model), Reads(Sample, model, force_loaded=True)


@pytest.mark.parametrize(
    ("column", "annotation", "value"),
    [
        ("moment", dt.datetime | None, "'infinity'"),
        ("moment", dt.datetime | None, "'-infinity'"),
        ("local", dt.datetime | None, "'infinity'"),
        ("local", dt.datetime | None, "'-infinity'"),
        ("day", dt.date | None, "'infinity'"),
        ("day", dt.date | None, "'-infinity'"),
        ("amount", Annotated[Decimal, Field(allow_inf_nan=True)] | None, "'NaN'"),
        ("data", Any, "'null'"),
        ("data", dict[str, Any] | None, "'null'"),
        ("grid", Any, "'{{1,2},{3,4}}'"),
    ],
)
async def test_value_of_which_python_makes_something(
    session: Session, column: str, annotation: Any, value: str
) -> None:
    """SQL leaves it to Python, and the answer is Python's, whatever that is."""
    await stored(session, column, value)
    compiled, loaded = reads_of(column, annotation)
    assert compiled.plan.kind == "compiled"
    want = (await loaded.list(session)).body
    assert (await compiled.list(session)).body == want
    for number in (1, 2, 3):
        one = await compiled.one(session, Sample.id == number)
        assert one.body == (await loaded.one(session, Sample.id == number)).body
    assert [each["id"] for each in from_json(bytes(want))] == [1, 2, 3]


@pytest.mark.parametrize(
    ("column", "annotation", "value", "problem"),
    [
        ("count", int, "NULL", "valid integer"),
        ("text", str, "NULL", "valid string"),
        ("genre", Genre, "NULL", "NOVEL|novel"),
        ("amount", Decimal | None, "'NaN'", "finite number"),
        ("amount", Decimal | None, "'infinity'", "finite number"),
        ("price", Decimal | None, "'NaN'", "finite number"),
        ("data", dict[str, Any] | None, "'[1]'", "valid dictionary"),
        ("data", list[Any] | None, "'{}'", "valid list"),
        ("data", dict[str, Any], "'null'", "valid dictionary"),
        ("grid", list[int] | None, "'{{1,2},{3,4}}'", "valid integer"),
    ],
)
async def test_value_that_the_model_has_no_place_for(
    session: Session, column: str, annotation: Any, value: str, problem: str
) -> None:
    """FastAPI's error, as if the row had been returned to it; the others are read as ever."""
    await stored(session, column, value)
    for reads in reads_of(column, annotation):
        with pytest.raises(ResponseValidationError, match=problem) as raised:
            await reads.one(session, Sample.id == 2)
        assert raised.value.errors()[0]["loc"][-1] == column or column == "grid"
        with pytest.raises(ResponseValidationError):
            await reads.list(session)
        if annotation not in {int, str, Genre} and value != "'null'":
            other = await reads.one(session, Sample.id == 3)
            assert other.body == b'{"id":3,"%b":null}' % column.encode()


async def test_null_where_the_model_has_a_place(session: Session) -> None:
    """Written as it is."""
    await stored(session, "count", "NULL")
    compiled, loaded = reads_of("count", int | None)
    for reads in (compiled, loaded):
        assert (await reads.one(session, Sample.id == 2)).body == b'{"id":2,"count":null}'


async def test_time_that_python_has_not(session: Session) -> None:
    """The driver refuses it, and so a read does as the ORM does."""
    await stored(session, "time", "'24:00'")
    for reads in reads_of("time", dt.time | None):
        assert (await reads.one(session, Sample.id == 1)).body == b'{"id":1,"time":null}'
        with pytest.raises(Exception, match=r"hour must be in 0\.\.23"):
            await reads.one(session, Sample.id == 2)


async def test_year_that_python_has_not(session: Session) -> None:
    """Nothing wrong is sent."""
    await stored(session, "day", "'20000-01-01'")
    compiled, loaded = reads_of("day", dt.date | None)
    answers = [await outcome(reads, session) for reads in (compiled, loaded)]
    assert answers[0] == answers[1]


async def outcome(reads: Reads[Any], session: Session) -> object:
    """Return the bytes, or what was raised."""
    try:
        return (await reads.one(session, Sample.id == 2)).body
    except Exception as error:  # noqa: BLE001 - whatever it is, both must raise it
        return type(error)


async def test_label_that_the_enum_has_not(session: Session) -> None:
    """The ORM cannot make a member of it; where labels are written anyway, it is told as it is."""
    await stored(session, "genre", "'opera'")
    compiled, loaded = reads_of("genre", Genre | None)
    with pytest.raises(LookupError, match="opera"):
        await loaded.one(session, Sample.id == 2)
    with pytest.raises(LookupError, match="opera"):
        await compiled.one(session, Sample.id == 2)
    assert (await compiled.one(session, Sample.id == 3)).body == b'{"id":3,"genre":null}'
