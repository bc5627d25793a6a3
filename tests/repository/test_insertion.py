"""What is written for a row is what the ORM writes, for every type of column and default."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.mutable import MutableDict
from sqlalchemy.orm import (
    Mapped,
    MappedAsDataclass,
    mapped_column,
    validates,
)

from fastgres.db import Base, Constraints, Session
from fastgres.db.faults import raise_typed
from fastgres.errors import ProblemError
from fastgres.repository import Repository
from fastgres.repository.insertion import Insertion
from tests.models import Author, Book, Counter, Loan
from tests.reads.equivalence.kinds import KINDS
from tests.reads.equivalence.laboratory import Laboratory
from tests.reads.equivalence.values import Raw

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.ext.asyncio import AsyncConnection

    from fastgres.testing.workshop import Workshop

_JUNK: Final = st.sampled_from(
    [2**70, -1, "", "x\0y", "\ud800", "nonsense", 1.5, float("nan"), b"\0", [], {}, object, True]
)


class SampleBase(Base):
    """Tables of this test alone."""

    __abstract__ = True
    metadata = sa.MetaData()


class Sample(SampleBase):
    """A column of every type, and one of every kind of default."""

    __tablename__ = "samples"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    scalar: Mapped[str | None] = mapped_column(default="scalar")
    made: Mapped[list[int] | None] = mapped_column(sa.ARRAY(sa.Integer), default=lambda: [1, 2])
    nothing: Mapped[str | None] = mapped_column(default=lambda: None, server_default="server")
    by_sql: Mapped[str | None] = mapped_column(default=sa.func.upper("sql"))
    by_server: Mapped[str | None] = mapped_column(server_default="server")
    needed: Mapped[str] = mapped_column(server_default="needed")
    json: Mapped[Any] = mapped_column(sa.JSON, nullable=True)
    json_null: Mapped[Any] = mapped_column(sa.JSON(none_as_null=True), nullable=True)
    json_made: Mapped[Any] = mapped_column(sa.JSON, default=dict, server_default="[]")
    total: Mapped[int | None] = mapped_column(sa.Computed("length(needed)"))
    short: Mapped[str | None] = mapped_column(sa.String(3), sa.CheckConstraint("short <> 'no'"))
    locals().update(
        {
            name: mapped_column(kind.type, nullable=True)
            for name, kind in KINDS.items()
            if "mutable" not in name
        }
    )


class SampleRead(BaseModel):
    """What every way can show."""

    id: int


class SampleRepository(Repository[Sample]):
    """By one statement."""


class ORMRepository(SampleRepository):
    """By the ORM, as it has an `add` of its own."""

    async def add(self, entity: Sample) -> Sample:
        return await super().add(entity)


_OTHERS: dict[str, Any] = dict.fromkeys(
    ("scalar", "nothing", "by_sql", "by_server", "needed", "short"),
    st.none() | st.sampled_from(["a", "no", "é", "long text", ""]),
)
_OTHERS |= dict.fromkeys(
    ("json", "json_null", "json_made"), st.none() | st.sampled_from([{}, [None], "x", 1, {"a": 1}])
)
_OTHERS["made"] = st.none() | st.sampled_from([[], [3], [None]])


@st.composite
def rows(draw: st.DrawFn, *, junk: bool) -> dict[str, Any]:
    """Draw values for some of the columns; of `junk`, one value that may not fit its column."""
    kinds = {name: kind.values for name, kind in KINDS.items() if hasattr(Sample, name)}
    drawn = kinds | _OTHERS
    names = draw(st.lists(st.sampled_from(sorted(drawn)), unique=True, max_size=12))
    row = {name: draw(st.none() | drawn[name]) for name in names}
    row = {name: value for name, value in row.items() if not isinstance(value, Raw)}
    if junk:
        row[draw(st.sampled_from(sorted(drawn)))] = draw(_JUNK)
    return row


@pytest.fixture(scope="module")
def samples(_workshop: Workshop) -> Iterator[Laboratory]:
    """A database with the table of samples."""
    with _workshop.copy() as url:
        made = Laboratory(url)

        async def create() -> None:
            async with made.engine.begin() as connection:
                await connection.run_sync(SampleBase.metadata.create_all)

        rules = Constraints(SampleBase.metadata)
        typed = partial(raise_typed, constraints=rules)
        sa.event.listen(made.engine.sync_engine, "handle_error", typed, retval=True)
        made.run(create())
        yield made
        made.close()


async def outcome(connection: AsyncConnection, row: dict[str, Any], *, orm: bool) -> Any:
    """Return what is in the table after a create, or the error that it met; undo it."""
    repository = ORMRepository if orm else SampleRepository
    savepoint = await connection.begin_nested()
    async with Session(connection, join_transaction_mode="create_savepoint") as session:
        try:
            shown = await repository(session).create(SampleRead, row, location="/samples/{id}")
        except ProblemError as error:
            found: Any = (type(error), str(error), error.fields, error.extensions)
        except (SQLAlchemyError, ValueError, TypeError, AttributeError) as error:
            found = type(error)
        else:
            text = await session.scalar(sa.text("SELECT CAST(samples AS text) FROM samples"))
            found = (text, shown.body, shown.headers["Location"])
    await savepoint.rollback()
    return found


def check(samples: Laboratory, row: dict[str, Any]) -> None:
    """Create a row in both ways and compare."""

    async def both() -> tuple[Any, Any]:
        async with samples.scratch() as connection:
            return (
                await outcome(connection, {"id": 1} | row, orm=False),
                await outcome(connection, {"id": 1} | row, orm=True),
            )

    ours, right = samples.run(both())
    assert ours == right


def thorough(share: float) -> settings:
    """Take a share of the examples of the profile, the same ones each time."""
    most = settings.get_profile(settings.get_current_profile_name()).max_examples
    return settings(
        max_examples=max(1, round(most * share)),
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


def test_samples_are_made_by_one_statement() -> None:
    """Else the properties would compare the ORM with itself."""
    assert Insertion.of(Sample).why is None
    assert Insertion.of(Sample).listener() is None


@thorough(1)
@given(row=rows(junk=False))
def test_values_are_stored_as_the_orm_stores_them(samples: Laboratory, row: dict[str, Any]) -> None:
    """Those left out and None too."""
    check(samples, row)


@thorough(1)
@given(row=rows(junk=True))
def test_values_that_do_not_fit_meet_the_same_errors(
    samples: Laboratory, row: dict[str, Any]
) -> None:
    """Typed, and with the same fields; or they are stored alike."""
    check(samples, row)


class Plain(SampleBase):
    """Nothing that the ORM is needed for."""

    __tablename__ = "plain"

    id: Mapped[int] = mapped_column(primary_key=True)


class Checked(SampleBase):
    """Looks at values that are set."""

    __tablename__ = "checked"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]

    @validates("name")
    def check(self, _key: str, value: str) -> str:
        return value.lower()


class Initialised(SampleBase):
    """Does something when it is made."""

    __tablename__ = "initialised"

    id: Mapped[int] = mapped_column(primary_key=True)

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)


class Data(MappedAsDataclass, SampleBase):
    """Has defaults of dataclasses."""

    __tablename__ = "data"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(default="x")


class Versioned(SampleBase):
    """Counts its versions."""

    __tablename__ = "versioned"

    id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column()
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads it


class Animal(SampleBase):
    """The root of a hierarchy."""

    __tablename__ = "animals"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "animal"}  # noqa: RUF012 - SQLAlchemy reads it


class Dog(Animal):
    """A table of its own, joined."""

    __tablename__ = "dogs"

    id: Mapped[int] = mapped_column(sa.ForeignKey("animals.id"), primary_key=True)
    __mapper_args__ = {"polymorphic_identity": "dog"}  # noqa: RUF012 - SQLAlchemy reads it


class Contextual(SampleBase):
    """Makes one value from another."""

    __tablename__ = "contextual"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    slug: Mapped[str] = mapped_column(default=lambda c: c.get_current_parameters()["name"].lower())


class Tracked(SampleBase):
    """Has JSON that notices changes, by a listener for values that are set."""

    __tablename__ = "tracked"

    id: Mapped[int] = mapped_column(primary_key=True)
    data: Mapped[dict[str, Any]] = mapped_column(MutableDict.as_mutable(sa.JSON))


@pytest.mark.parametrize(
    ("mapped", "why"),
    [
        (Checked, "has values that @validates looks at"),
        (Initialised, "has an __init__ of its own"),
        (Data, "has an __init__ of its own"),
        (Versioned, "counts the versions of its rows"),
        (Animal, "is part of a hierarchy of mapped classes"),
        (Dog, "is not mapped to one table of its own"),
        (Contextual, "makes slug from the other values of its row"),
    ],
)
def test_a_class_in_which_python_has_a_hand(mapped: type[Any], why: str) -> None:
    """It is said which."""
    assert Insertion.of(mapped).why == why


@pytest.mark.parametrize("mapped", [Plain, Author, Book, Counter, Loan])
def test_a_class_that_needs_no_hand(mapped: type[Any]) -> None:
    """What most services have."""
    assert Insertion.of(mapped).why is None
    assert Insertion.of(mapped).listener() is None


def test_a_type_that_notices_changes_listens() -> None:
    """It makes something else of what is set."""
    assert "has a listener for" in (Insertion.of(Tracked).listener() or "")


@pytest.mark.parametrize("name", ["before_insert", "after_insert", "init", "refresh_flush"])
def test_a_listener_is_noticed_when_it_comes(name: str) -> None:
    """At any time."""

    def listen(*_: object) -> None: ...

    sa.event.listen(Plain, name, listen)
    try:
        assert Insertion.of(Plain).listener() == f"has a listener for {name}"
    finally:
        sa.event.remove(Plain, name, listen)


def test_shapes_differ_by_what_the_server_makes() -> None:
    """So that few statements are kept, however many bodies leave something out."""
    insertion = Insertion.of(Author)
    short = insertion.values({"name": "a", "email": "b"})
    assert insertion.values({"name": "a", "email": "b", "born": None}).shape == short.shape
    now = dt.datetime.now(dt.UTC)
    assert insertion.values({"name": "a", "created_at": now}).shape != short.shape
