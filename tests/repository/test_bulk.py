"""Writing many rows: COPY must be INSERT, only faster."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import ARRAY, Integer, MetaData, SmallInteger, event, func
from sqlalchemy.orm import Mapped, mapped_column

from fastgres.db import Base, Database, Session
from fastgres.errors import (
    CheckViolationError,
    ConfigurationError,
    ForeignKeyViolationError,
    InvalidTextError,
    NotNullViolationError,
    OutOfRangeError,
    ProblemError,
    UniqueViolationError,
    UnknownNameError,
)
from fastgres.repository import Repository
from tests.models import Author, Binding, Book, Genre
from tests.repository.books import AuthorRepository, BookRepository, CopyRepository, an_author, book

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)
PRICE = st.decimals(Decimal("0.01"), Decimal("9999999999.99"), places=2) | st.integers(1, 9)
NAIVE = dt.datetime.fromisoformat
VALUES = {
    "genre": st.sampled_from(Genre),
    "binding": st.sampled_from(Binding),
    "pages": st.none() | st.integers(-(2**63), 2**63 - 1),
    "rating": st.none() | st.floats(allow_nan=False),
    "in_print": st.booleans(),
    "tags": st.lists(TEXT, max_size=3),
    "details": st.dictionaries(TEXT, JSON, max_size=3),
    "cover": st.none() | st.binary(max_size=20),
    "published_at": st.none()
    | st.datetimes(NAIVE("0001-01-02"), NAIVE("9999-12-30"), timezones=st.timezones()),
    "created_at": st.datetimes(NAIVE("1900-01-01"), timezones=st.just(dt.UTC)),
    "deleted_at": st.none(),
}
ROWS = st.lists(st.fixed_dictionaries({"price": PRICE}, optional=VALUES), min_size=1, max_size=3)
MADE = {"id", "isbn", "title", "created_at", "updated_at"}


class StrictBase(Base):
    """Tables that the other tests do not need."""

    __abstract__ = True
    metadata = MetaData()


class Strict(StrictBase):
    """Columns with little room, or that take one kind of value only."""

    __tablename__ = "strict_ones"

    id: Mapped[int] = mapped_column(primary_key=True)
    small: Mapped[int | None] = mapped_column(SmallInteger)
    usual: Mapped[int | None] = mapped_column(Integer)
    exact: Mapped[Decimal | None]
    text: Mapped[str | None]
    at: Mapped[dt.datetime | None]
    day: Mapped[dt.date | None]
    real: Mapped[float | None]
    raw: Mapped[bytes | None]
    key: Mapped[UUID | None]
    listed: Mapped[list[int] | None] = mapped_column(ARRAY(Integer))


class StrictRepository(Repository[Strict]):
    """Of these."""


def numbered(rows: list[dict[str, Any]], author: Author, name: str) -> Iterator[dict[str, Any]]:
    """Give the rows what is unique."""
    for number, row in enumerate(rows):
        isbn = f"{name}-{number}"
        yield row | {"author_id": author.id, "isbn": isbn, "title": isbn}


def content(found: Book, given: dict[str, Any]) -> dict[str, Any]:
    """Return the values that two rows made of the same mapping must share."""
    names = {column.key for column in Book.__table__.columns} - (MADE - set(given))
    return {name: getattr(found, name) for name in names - {"isbn", "title"}}


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=ROWS)
async def test_copy_writes_what_insert_writes(session: Session, rows: list[dict[str, Any]]) -> None:
    """Every kind of column: given, left to Python's default, left to the server's, or null."""
    savepoint = await session.begin_nested()
    author = await an_author(session)
    books = BookRepository(session)
    filler = [{**row, "price": 1} for row in rows for _ in range(500)]
    assert await books.add_many(numbered(rows, author, "insert")) == len(rows)
    copied = [*numbered(rows, author, "copy"), *numbered(filler, author, "filler")]
    assert await books.add_many(copied[::-1]) == len(copied)
    for number, row in enumerate(rows):
        (inserted,) = await books.list(Book.isbn == f"insert-{number}", limit=2)
        (same,) = await books.list(Book.isbn == f"copy-{number}", limit=2)
        assert content(same, row) == content(inserted, row)
        assert same.id.version == 7
    await savepoint.rollback()
    session.expunge_all()


@pytest.fixture
def copies(session: Session) -> Iterator[list[str]]:
    """Yield the statements that INSERT sends, one a call."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("INSERT INTO books"):
            statements.append(statement)

    engine = session.get_bind().engine
    event.listen(engine, "before_cursor_execute", note)
    yield statements
    event.remove(engine, "before_cursor_execute", note)


async def test_many_rows_are_copied(session: Session, copies: list[str]) -> None:
    """One INSERT for the first row; the others are not seen by SQLAlchemy."""
    author = await an_author(session)
    parameters: list[Any] = []
    engine = session.get_bind().engine
    event.listen(
        engine, "before_cursor_execute", lambda *arguments: parameters.append(arguments[3])
    )
    await BookRepository(session).add_many(
        book(n) | {"author_id": author.id} for n in range(20_500)
    )
    assert len(copies) == 3
    assert all(not isinstance(each, list) for each in parameters)
    assert await BookRepository(session).count() == 20_500


async def test_sql_expressions_are_refused(session: Session) -> None:
    """Neither COPY nor an INSERT of many rows has a place for them."""
    author = await an_author(session)
    rows = [book(1, pages=func.length("four")) | {"author_id": author.id}]
    with pytest.raises(ConfigurationError, match="pages is the SQL expression length"):
        await BookRepository(session).add_many(rows)


async def test_rows_may_name_different_columns(session: Session) -> None:
    """Each gets the defaults of what it leaves out; None is NULL and no default."""
    author = await an_author(session)
    books = BookRepository(session)
    rows = [
        book(0, rating=1.5),
        book(1),
        book(2, rating=None, genre=Genre.ESSAY),
        book(3, rating=2.5),
    ]
    await books.add_many(row | {"author_id": author.id} for row in rows)
    found = await books.list(order_by=[Book.title], limit=9)
    assert [(each.rating, each.genre) for each in found] == [
        (1.5, Genre.NOVEL),
        (None, Genre.NOVEL),
        (None, Genre.ESSAY),
        (2.5, Genre.NOVEL),
    ]


@pytest.mark.parametrize("number", [1, 600])
async def test_null_is_null_and_no_default(session: Session, number: int) -> None:
    """In a column that has a server default and forbids null, None is refused both ways."""
    author = await an_author(session)
    rows = (book(n, genre=None) | {"author_id": author.id} for n in range(number))
    with pytest.raises(NotNullViolationError):
        await BookRepository(session).add_many(rows)


async def test_unknown_names_are_refused(session: Session) -> None:
    """Before a row is written."""
    await an_author(session)
    with pytest.raises(UnknownNameError, match="did you mean 'email'"):
        await AuthorRepository(session).add_many([{"name": "Ada", "emial": "x"}])


@pytest.mark.parametrize("number", [2, 600])
@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"isbn": "same"}, UniqueViolationError),
        ({"price": -1}, CheckViolationError),
        ({"author_id": "00000000-0000-0000-0000-000000000000"}, ForeignKeyViolationError),
        ({"title": None}, NotNullViolationError),
        ({"title": "a\0b"}, InvalidTextError),
        ({"pages": 2**63}, OutOfRangeError),
    ],
)
async def test_copy_raises_the_errors_of_insert(
    session: Session, number: int, values: dict[str, Any], error: type[ProblemError]
) -> None:
    """The same class, with the same field, whichever way the rows went."""
    author = await an_author(session)
    rows = [book(n) | {"author_id": author.id} for n in range(number)]
    rows[-1] |= values
    rows[-2] |= {"isbn": "same"}
    with pytest.raises(ProblemError) as caught:
        await BookRepository(session).add_many(rows)
    assert type(caught.value) is error or (number == 600 and error is InvalidTextError)
    assert caught.value.status in {409, 422}
    if error in {UniqueViolationError, ForeignKeyViolationError, NotNullViolationError}:
        assert caught.value.fields[0].location == ("body", next(iter(values)))


async def test_entities_not_yet_flushed_come_first(session: Session) -> None:
    """A row may refer to an entity that was only added."""
    author = Author(name="Ada", email="ada@example.com")
    session.add(author)
    await session.flush()
    other = Author(name="Eve", email="eve@example.com")
    session.add(other)
    other.id = author.id.__class__(int=7)
    await BookRepository(session).add_many(book(n) | {"author_id": other.id} for n in range(600))
    assert await BookRepository(session).count() == 600


@pytest.mark.clone
async def test_copy_as_first_statement_is_inside_the_transaction(database: Database) -> None:
    """SQLAlchemy begins at its first statement, which COPY is not: it must not commit by itself."""
    async with database.session() as session:
        session.add(Author(name="Ada", email="ada@example.com"))
        await session.commit()
    rows = [{"name": "Eve", "email": f"eve{n}@example.com"} for n in range(1_000)]
    async with database.session() as session:
        await AuthorRepository(session).add_many(rows)
        assert session.uncommitted() == ("insert of authors",)
        await session.rollback()
        assert await AuthorRepository(session).count() == 1
    async with database.session() as session:
        async with session.begin():
            await AuthorRepository(session).add_many(rows)
        assert session.uncommitted() == ()
        assert await AuthorRepository(session).count() == 1_001


async def test_nothing_to_add(session: Session) -> None:
    """No rows, no statement."""
    await an_author(session)
    assert await CopyRepository(session).add_many([]) == 0


@pytest.mark.parametrize("number", [2, 600])
@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"small": 2**15}, OutOfRangeError),
        ({"usual": -(2**31) - 1}, OutOfRangeError),
        ({"exact": "abc"}, OutOfRangeError),
        ({"exact": object()}, OutOfRangeError),
        ({"text": 5}, OutOfRangeError),
        ({"text": "half a character \ud800"}, InvalidTextError),
        ({"at": "yesterday"}, OutOfRangeError),
        ({"day": 3}, OutOfRangeError),
        ({"real": "abc"}, OutOfRangeError),
        ({"raw": "text"}, OutOfRangeError),
        ({"key": "no UUID"}, OutOfRangeError),
        ({"listed": [2**31]}, OutOfRangeError),
    ],
)
async def test_value_that_the_driver_cannot_encode(
    session: Session, number: int, values: dict[str, Any], expected: type[ProblemError]
) -> None:
    """It fails before the server sees it, and is the client's fault whichever way it went."""
    connection = await session.connection()
    await connection.run_sync(StrictBase.metadata.create_all)
    rows: list[dict[str, Any]] = [dict.fromkeys(values) for _ in range(number)]
    rows[-1] |= values
    with pytest.raises(ProblemError) as caught:
        await StrictRepository(session).add_many(rows)
    assert caught.value.status == 422
    assert type(caught.value) is expected or (number == 2 and expected is InvalidTextError)
