"""Statements on many rows."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import true

from fastgres.db import Session
from fastgres.errors import ConfigurationError, UnknownNameError
from tests.models import Book
from tests.repository.books import BookRepository, book, shelve


async def test_update_where(session: Session) -> None:
    """The number of rows comes back; entities in the session follow."""
    rows = await shelve(session, *(book(n) for n in range(3)))
    books = BookRepository(session)
    assert await books.update_where(Book.price > 1, values={"pages": Book.price + 1}) == 2
    assert [row.pages for row in rows] == [None, 3, 4]


async def test_delete_where(session: Session) -> None:
    """The rows are gone."""
    await shelve(session, *(book(n) for n in range(3)))
    books = BookRepository(session)
    assert await books.delete_where(Book.price > 1) == 2
    assert await books.count(include_deleted=True) == 1


async def test_soft_deleted_rows_are_left_alone(session: Session) -> None:
    """They are not there, for a statement as for a read."""
    first, _ = await shelve(session, book(1), book(2))
    books = BookRepository(session)
    await books.soft_delete(first)
    assert await books.update_where(Book.price > 0, values={"pages": 7}) == 1
    assert await books.delete_where(Book.price > 0) == 1
    assert (await books.get(first.id, include_deleted=True)).pages is None


@pytest.mark.parametrize("where", [(), (true(),)])
async def test_statement_on_all_rows_is_refused(session: Session, where: tuple[Any, ...]) -> None:
    """A forgotten condition does not empty the table."""
    await shelve(session, book(1))
    books = BookRepository(session)
    with pytest.raises(ConfigurationError, match="all_rows=True"):
        await books.update_where(*where, values={"pages": 7})
    with pytest.raises(ConfigurationError, match="all_rows=True"):
        await books.delete_where(*where)


async def test_all_rows_by_name(session: Session) -> None:
    """Whoever means it, says it."""
    await shelve(session, book(1), book(2))
    books = BookRepository(session)
    assert await books.update_where(values={"pages": 7}, all_rows=True) == 2
    assert await books.delete_where(all_rows=True) == 2


async def test_condition_that_python_compared_is_refused(session: Session) -> None:
    """`Book.pages is None` is False, and would be no condition at all."""
    await shelve(session, book(1))
    condition: Any = Book.pages is not None
    with pytest.raises(ConfigurationError, match="Python has compared"):
        await BookRepository(session).delete_where(condition)


async def test_unknown_names_are_refused(session: Session) -> None:
    """As for `update`."""
    await shelve(session, book(1))
    with pytest.raises(UnknownNameError, match="did you mean 'pages'"):
        await BookRepository(session).update_where(Book.price > 0, values={"page": 1})
