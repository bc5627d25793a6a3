"""Counting, and asking the planner."""

from __future__ import annotations

from sqlalchemy import literal, select

from fastgres.db import Session, include_deleted
from fastgres.repository.counting import Explain, count_rows
from tests.models import Book
from tests.repository.books import BookRepository, book, shelve


async def test_explained_statement_is_planned_and_not_run(session: Session) -> None:
    """The same statement can be explained and executed, with the same parameters."""
    await shelve(session, book(1))
    statement = select(literal("found")).select_from(Book).where(Book.title == "Book 001")
    (plan,) = (await session.scalars(Explain.of(statement))).all()
    assert plan[0]["Plan"]["Plan Rows"] >= 0
    assert (await session.scalars(statement)).all() == ["found"]


async def test_planner_sees_the_filter_of_deleted_rows(session: Session) -> None:
    """An estimate is of the rows that the page would show."""
    await shelve(session, book(1))
    statement = select(literal("")).select_from(Book)
    (living,) = (await session.scalars(Explain.of(statement))).all()
    (all_rows,) = (await session.scalars(include_deleted(Explain.of(statement)))).all()
    assert "deleted_at IS NULL" in str(living)
    assert "deleted_at" not in str(all_rows)


async def test_three_ways_to_count(session: Session) -> None:
    """Not at all, exactly, and as the planner guesses."""
    rows = await shelve(session, *(book(n) for n in range(4)))
    await BookRepository(session).soft_delete(rows[0])
    keys = select(Book.id).where(Book.price > 2)
    assert await count_rows(session, keys, "none") is None
    assert await count_rows(session, keys, "exact") == 2
    assert isinstance(await count_rows(session, keys, "estimated"), int)
