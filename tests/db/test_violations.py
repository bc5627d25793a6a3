"""Refused rows: the right status, and the field by name."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import Range

from fastgres.db import uuid7
from fastgres.db.constraints import Constraints
from fastgres.db.violations import Violation, violation_error
from fastgres.errors import (
    CheckViolationError,
    ExclusionViolationError,
    ForeignKeyViolationError,
    NotNullViolationError,
    ProblemError,
    StillReferencedError,
    UniqueViolationError,
)
from tests.models import Author, Book, Copy, Loan, metadata

if TYPE_CHECKING:
    from fastgres.db import Session


async def refused(session: Session, *rows: Any) -> ProblemError:
    """The error that adding the rows raises, inside a savepoint so that the test goes on."""
    with pytest.raises(ProblemError) as raised:
        async with session.begin():
            session.add_all(rows)
    return raised.value


def locations(error: ProblemError) -> list[tuple[str | int, ...]]:
    return [field.location for field in error.fields]


@pytest.fixture
async def author(session: Session) -> Author:
    author = Author(name="Ada", email="ada@example.com")
    async with session.begin():
        session.add(author)
    return author


def book(author: Author, **values: Any) -> Book:
    return Book(**({"author_id": author.id, "title": "Notes", "isbn": "1", "price": 5} | values))


async def test_a_unique_value_taken_is_409_naming_the_field(
    session: Session, author: Author
) -> None:
    async with session.begin():
        session.add(book(author))
    error = await refused(session, book(author, title="Other"))
    assert type(error) is UniqueViolationError
    assert locations(error) == [("body", "isbn")]


async def test_several_columns_unique_together_are_all_named(
    session: Session, author: Author
) -> None:
    async with session.begin():
        session.add(book(author))
    error = await refused(session, book(author, isbn="2"))
    assert locations(error) == [("body", "author_id"), ("body", "title")]


async def test_a_partial_unique_index_names_its_field(session: Session, author: Author) -> None:
    error = await refused(session, Author(name="Other", email=author.email))
    assert locations(error) == [("body", "email")]


async def test_the_detail_holds_no_value_of_another_row(session: Session, author: Author) -> None:
    taken = author.email
    error = await refused(session, Author(name="Other", email=taken))
    assert taken not in error.detail


async def test_a_reference_to_nothing_is_422_naming_the_field(session: Session) -> None:
    nobody = Author(id=uuid7(), name="Nobody", email="nobody@example.com")
    error = await refused(session, book(nobody))
    assert type(error) is ForeignKeyViolationError
    assert locations(error) == [("body", "author_id")]


async def test_a_row_that_is_referred_to_is_409_when_deleted(
    session: Session, author: Author
) -> None:
    async with session.begin():
        session.add(book(author))
    with pytest.raises(StillReferencedError) as raised:
        async with session.begin():
            await session.execute(delete(Author))
    assert raised.value.status == 409


async def test_a_check_is_422_naming_the_rule(session: Session, author: Author) -> None:
    error = await refused(session, book(author, price=Decimal(-1)))
    assert type(error) is CheckViolationError
    assert error.extensions == {"rule": "price_positive"}


async def test_a_missing_value_is_422_naming_the_field(session: Session, author: Author) -> None:
    error = await refused(session, book(author, title=None))
    assert type(error) is NotNullViolationError
    assert locations(error) == [("body", "title")]


async def test_an_overlap_is_409(session: Session, author: Author) -> None:
    borrowed = book(author)
    async with session.begin():
        session.add_all([borrowed, Copy(book=borrowed, number=1, shelf="A")])
    day = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    period = Range(day, day + dt.timedelta(days=7))
    loans = [
        Loan(book_id=borrowed.id, copy_number=1, reader="Ada", period=period) for _ in range(2)
    ]
    error = await refused(session, *loans)
    assert type(error) is ExclusionViolationError


@pytest.mark.parametrize(
    ("constraint", "words"),
    [
        ("uq_books_isbn", "isbn is already taken."),
        ("uq_books_author_id_title", "author_id and title are already taken."),
        ("uq_of_another", "This value is already taken."),
    ],
)
def test_taken_values_are_told_in_words(constraint: str, words: str) -> None:
    violation = Violation(table="books", constraint=constraint, column="", deletes=False)
    error = violation_error("23505", violation, constraints=Constraints(metadata))
    assert str(error) == words
