"""A value that PostgreSQL refuses is told with the name under which it was given."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from fastgres.errors import ConfigurationError, OutOfRangeError
from fastgres.reads import Reads
from fastgres.repository import Repository
from tests.models import Book, Copy
from tests.reads.shelf import CopyRead, Title

if TYPE_CHECKING:
    from fastgres.db import Session


class BookRepository(Repository[Book]):
    """Books."""


class CopyRepository(Repository[Copy]):
    """Their key is of two columns."""


@pytest.mark.parametrize("limit", [-1, 2**31])
async def test_no_number_of_rows(session: Session, limit: int) -> None:
    """It may be a client's, and reaches no statement."""
    books = BookRepository(session)
    for asked in (
        Reads(Book, Title).list(session, limit=limit),
        books.list(Title, limit=limit),
        books.list(limit=limit),
    ):
        with pytest.raises(OutOfRangeError, match=f"limit: {limit} is not between 0 and") as raised:
            await asked
        assert raised.value.fields[0].location == ("query", "limit")


async def test_a_limit_that_is_no_number(session: Session) -> None:
    """A mistake of the developer's."""
    text: Any = "5"
    with pytest.raises(ConfigurationError, match="limit='5' is a str"):
        await BookRepository(session).list(Title, limit=text)


@pytest.mark.parametrize("loaded", [False, True], ids=["compiled", "loaded"])
@pytest.mark.parametrize(
    ("condition", "message"),
    [
        (Book.id == "x", "id: 'x' is not of type UUID."),
        (Book.pages == 1 << 63, "pages: 9223372036854775808 is not of type BIGINT."),
        (Book.id.in_([UUID(int=1), "x"]), "id: 'x' is not of type UUID."),
    ],
    ids=["uuid", "number", "in"],
)
async def test_a_value_of_a_condition(
    session: Session, condition: Any, message: str, *, loaded: bool
) -> None:
    """The column is told, and of a list the value."""
    read = Reads(Book, Title, force_loaded=loaded)
    right = Book.created_at < dt.datetime(2030, 1, 1, tzinfo=dt.UTC)
    with pytest.raises(OutOfRangeError) as raised:
        await read.list(session, right, condition)
    assert str(raised.value).startswith(message)
    await session.rollback()
    with pytest.raises(OutOfRangeError) as raised:
        await read.one(session, condition)
    assert str(raised.value).startswith(message)


async def test_the_key_of_a_repository(session: Session) -> None:
    """Whether a response is read or the entity."""
    books, copies = BookRepository(session), CopyRepository(session)
    key: Any = "x"
    for asked in (books.read(Title, key), books.get(key), books.find(key)):
        with pytest.raises(OutOfRangeError, match=r"id: 'x' is not of type UUID\."):
            await asked
        await session.rollback()
    with pytest.raises(OutOfRangeError, match=r"number: 'x' is not of type BIGINT\."):
        await copies.read(CopyRead, (UUID(int=1), "x"))
