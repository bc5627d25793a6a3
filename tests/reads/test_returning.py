"""The JSON of a row that is written, from the same statement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from asyncpg import DivisionByZeroError
from pydantic import BaseModel, computed_field
from sqlalchemy import update

from fastgres.db import fetch_row
from fastgres.reads import REFUSED, ReadPlan, Returned, looks_elsewhere, parameter
from tests.models import Author, Book, Copy
from tests.repository.books import book, shelve

if TYPE_CHECKING:
    from fastgres.db import Session


class AuthorRead(BaseModel):
    """An author."""

    id: UUID
    name: str


class BookRead(BaseModel):
    """A book and the row that it refers to."""

    title: str
    author: AuthorRead


class NumberedRead(BaseModel):
    """A null of the table has no place here."""

    title: str
    pages: int


class TitleRead(BaseModel):
    """A title."""

    title: str


class WriterRead(BaseModel):
    """An author and the books."""

    books: list[TitleRead]


class ShelfRead(BaseModel):
    """A book, by way of its author again."""

    author: WriterRead


class CopyRead(BaseModel):
    """A copy, and the author of its book."""

    number: int
    book: BookRead


class Loud(BaseModel):
    """A field that only Python computes."""

    name: str

    @computed_field  # type: ignore[prop-decorator]  # mypy does not know properties below decorators
    @property
    def loud(self) -> str:
        return self.name.upper()


def _renamed(model: type[BaseModel], **options: Any) -> Returned:
    title = parameter("new", Book.title.type)
    table: Any = Book.__table__
    change = update(table).values(title=title)
    return Returned.of(ReadPlan.of(Book, model), change, frozenset({"new"}), **options)


async def test_an_update_returns_its_row_as_it_is_now(session: Session) -> None:
    """With rows that it refers to, and columns as Python values."""
    (first,) = await shelve(session, book(1))
    returned = _renamed(BookRead, columns=["id", "price"])
    row = await fetch_row(session, returned.sql, returned.arguments({"new": "New"}))
    assert row is not None
    body, values = returned.read(row)
    shown = BookRead.model_validate_json(body or b"")
    assert (shown.title, shown.author.id) == ("New", first.author_id)
    assert values == [first.id, first.price]


async def test_what_only_python_can_answer_for_is_marked(session: Session) -> None:
    """The row is written all the same."""
    await shelve(session, book(1))
    returned = _renamed(NumberedRead)
    row = await fetch_row(session, returned.sql, returned.arguments({"new": "New"}))
    assert row is not None
    assert returned.read(row) == (None, [])


async def test_a_guarded_statement_fails_instead(session: Session) -> None:
    """So that nothing is written."""
    await shelve(session, book(1))
    returned = _renamed(NumberedRead, guarded=True)
    with pytest.raises(Exception, match="division by zero") as caught:
        await fetch_row(session, returned.sql, returned.arguments({"new": "New"}))
    assert DivisionByZeroError.sqlstate == REFUSED
    assert "division" in str(caught.value)


@pytest.mark.parametrize(
    ("mapped", "model", "why"),
    [
        (Author, AuthorRead, None),
        (Book, BookRead, None),
        (Copy, CopyRead, None),
        (Author, WriterRead, None),
        (Author, Loud, "Loud computes loud"),
        (
            Book,
            ShelfRead,
            "author.books comes back to the table books, which the statement writes",
        ),
    ],
)
def test_a_plan_that_looks_elsewhere_says_so(
    mapped: type[Any], model: type[BaseModel], why: str | None
) -> None:
    """A statement does not see what it writes."""
    found = looks_elsewhere(ReadPlan.of(mapped, model))
    assert (found and str(found)) == why
