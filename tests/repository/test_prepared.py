"""Reads of one row that are worked out once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from fastgres.reads import Given
from fastgres.repository import Target, one_read
from tests.models import Book
from tests.repository.books import book, shelve

if TYPE_CHECKING:
    from fastgres.db import Session


class BookRead(BaseModel):
    """What is shown."""

    title: str
    pages: int | None


BOOKS = Target(mapped=Book, model=BookRead)
MINE = Target(mapped=Book, model=BookRead, scope=("author_id",))


def test_read_of_the_same_columns_is_the_same_object() -> None:
    assert one_read(BOOKS, ("isbn",)) is one_read(Target(mapped=Book, model=BookRead), ("isbn",))
    assert one_read(BOOKS, ("isbn",)) is not one_read(BOOKS, ("id",))
    assert one_read(BOOKS, ("isbn",)) is not one_read(MINE, ("isbn",))


def test_target_of_other_options_is_another_plan() -> None:
    everything = Target(mapped=Book, model=BookRead, include_deleted=True, exclude_none=True)
    assert everything.plan.include_deleted
    assert everything.plan.exclude_none
    assert BOOKS.plan is MINE.plan
    assert BOOKS.plan is not everything.plan


async def test_all_columns_and_the_scope_have_to_fit(session: Session) -> None:
    (first,) = await shelve(session, book(1))
    read = one_read(MINE, ("isbn", "title"))
    values: dict[str, Any] = {
        "key_isbn": first.isbn,
        "key_title": first.title,
        "scope_author_id": first.author_id,
    }
    assert await read.answer(session, values) is not None
    for name, other in (("key_isbn", "x"), ("key_title", "x"), ("scope_author_id", first.id)):
        assert await read.answer(session, {**values, name: other}) is None


async def test_column_may_be_of_the_key_and_of_the_scope(session: Session) -> None:
    """Both have to fit, each with its own value."""
    first, second = await shelve(session, book(1), book(2))
    mine = Target(mapped=Book, model=BookRead, scope=("id",))
    read = one_read(mine, ("id",))
    assert await read.answer(session, {"key_id": first.id, "scope_id": first.id})
    assert await read.answer(session, {"key_id": first.id, "scope_id": second.id}) is None


async def test_conditions_of_a_call_narrow_it(session: Session) -> None:
    (first,) = await shelve(session, book(1, pages=3))
    read = one_read(BOOKS, ("id",))
    for pages, found in ((3, True), (4, False)):
        answer = await read.answer(
            session, {"key_id": first.id}, given=Given.of([Book.pages == pages])
        )
        assert (answer is not None) is found


async def test_response_is_of_the_fields_asked_for(session: Session) -> None:
    (first,) = await shelve(session, book(1))
    read = one_read(BOOKS, ("id",))
    response = await read.run(session, {"key_id": first.id}, fields="title")
    assert response is not None
    assert response.body == b'{"title":"Book 001"}'
    whole = await read.run(session, {"key_id": first.id})
    assert whole is not None
    assert whole.value() == BookRead(title="Book 001", pages=None)


def test_explain_names_the_values_of_a_run() -> None:
    told = one_read(MINE, ("isbn",)).explain(given=Given.of([Book.pages == 3]))
    assert set(told.values) >= {"key_isbn", "scope_author_id"}
    assert told.sql is not None
    for column in ("isbn", "author_id", "pages"):
        assert f"{column} = " in told.sql
