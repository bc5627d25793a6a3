"""Rows of a table with every oddity: COPY and upsert meet the same columns as the ORM does."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from enum import Enum
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Computed, Integer, Interval, MetaData, SmallInteger, Time, func
from sqlalchemy import Enum as EnumType
from sqlalchemy.dialects.postgresql import ARRAY, INET, INT4RANGE, JSONB, Range
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.schema import CreateSchema

from fastgres.db import Base, Session
from fastgres.repository import Repository
from fastgres.repository.columns import table_columns

if TYPE_CHECKING:
    from fastgres.db import Database


class Colour(Enum):
    """Stored by name."""

    RED = 1
    BLUE = 2


class OddBase(Base):
    """Tables that the other tests do not need."""

    __abstract__ = True
    metadata = MetaData()


def twice(context: Any) -> int:
    """Return a default that depends on the rest of the row."""
    return 2 * int(context.get_current_parameters()["number"])


class Odd(OddBase):
    """Defaults that the server would not have made, names that differ, rare types."""

    __tablename__ = "odd_ones"
    __table_args__ = {"schema": "strange place"}  # noqa: RUF012  SQLAlchemy declares it so

    key: Mapped[int] = mapped_column("Key", primary_key=True)
    number: Mapped[int] = mapped_column(SmallInteger)
    label: Mapped[str] = mapped_column("the label", default="python", server_default="server")
    listed: Mapped[list[int]] = mapped_column(ARRAY(Integer), default=lambda: [1, 2])
    doubled: Mapped[int] = mapped_column(default=twice)
    colour: Mapped[Colour | None]
    colours: Mapped[list[Colour]] = mapped_column(ARRAY(EnumType(Colour)), default=list)
    span: Mapped[Range[int] | None] = mapped_column(INT4RANGE())
    lasted: Mapped[dt.timedelta | None] = mapped_column(Interval())
    at: Mapped[dt.time | None] = mapped_column(Time())
    address: Mapped[Any | None] = mapped_column(INET())
    json_null: Mapped[Any | None] = mapped_column(JSONB())
    sql_null: Mapped[Any | None] = mapped_column(JSONB(none_as_null=True))
    more: Mapped[int] = mapped_column(Computed("number + 1", persisted=True))


class Measured(OddBase):
    """A default that only SQL can make."""

    __tablename__ = "measured"

    key: Mapped[int] = mapped_column(primary_key=True)
    size: Mapped[int] = mapped_column(default=func.length("four"))


class OddRepository(Repository[Odd]):
    """Odd rows."""


class MeasuredRepository(Repository[Measured]):
    """Measured rows."""


@pytest.fixture
async def odd(database: Database) -> AsyncIterator[Session]:
    """Yield a session on a database that has the tables."""
    async with database.session() as session:
        connection = await session.connection()
        await connection.execute(CreateSchema("strange place"))
        await connection.run_sync(OddBase.metadata.create_all)
        yield session


ROWS: list[dict[str, Any]] = [
    {"number": 3},
    {"number": 3, "label": "given", "listed": [], "doubled": 1},
    {
        "number": -32_768,
        "colour": Colour.BLUE,
        "colours": [Colour.RED, Colour.BLUE],
        "span": Range(1, 5),
        "lasted": dt.timedelta(days=400, microseconds=1),
        "at": dt.time(23, 59, 59, 999_999),
        "address": IPv4Address("10.0.0.1"),
        "json_null": None,
        "sql_null": None,
    },
    {"number": 1, "json_null": [None, {"ä": 1.5}], "sql_null": "text", "colour": None},
]


@pytest.mark.parametrize("row", ROWS)
async def test_copy_writes_what_insert_writes(odd: Session, row: dict[str, Any]) -> None:
    """Every default, every type, and names that need quoting."""
    rows = OddRepository(odd)
    await rows.add_many([row])
    await rows.add_many([row] * 1_000)
    distinct = set()
    async for each in rows.stream():
        values = {name: repr(getattr(each, name)) for name in table_columns(Odd)}
        distinct.add(tuple(sorted((values | {"key": ""}).items())))
    assert len(distinct) == 1
    assert await rows.count(Odd.json_null.is_(None)) == (0 if "json_null" in row else 1_001)


async def test_defaults_of_python_win(odd: Session) -> None:
    """Over those of the server, and with the rest of the row in sight."""
    await OddRepository(odd).add_many([{"number": 4}] * 600)
    last = await OddRepository(odd).first_by(order_by=[Odd.key.desc()])
    assert last is not None
    assert (last.label, last.doubled, last.listed, last.more) == ("python", 8, [1, 2], 5)


async def test_defaults_made_by_sql(odd: Session) -> None:
    """COPY could not make them, so that these rows are inserted."""
    assert await MeasuredRepository(odd).add_many({"key": n} for n in range(600)) == 600
    assert await MeasuredRepository(odd).count(Measured.size == 4) == 600


async def test_upsert_of_columns_named_otherwise(odd: Session) -> None:
    """The mapping has the names of the class, the statement those of the table."""
    rows = OddRepository(odd)
    row = {"key": 7, "number": 1, "label": "one"}
    (first,) = await rows.upsert([row], conflict=[Odd.key], update=[Odd.label])
    (same,) = await rows.upsert([row | {"label": "two"}], conflict=[Odd.key], update=[Odd.label])
    assert same is first
    assert (first.label, first.doubled, first.more) == ("two", 2, 2)
