"""Rows for the declared routes to read."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from tests.endpoints.library import ADA, BOB, FIRST, SECOND
from tests.models import Author, Book, Copy, Counter, Genre

if TYPE_CHECKING:
    from fastgres.db import Database

MANY = 7


@pytest.fixture
async def filled(database: Database) -> Database:
    """Two authors with their books, copies of one of them, and a counter."""
    async with database.session() as session, session.begin():
        session.add_all(
            Author(id=key, name=name, email=name) for key, name in ((ADA, "Ada"), (BOB, "Bob"))
        )
        await session.flush()
        session.add_all(
            Book(
                id=key,
                author_id=author,
                title=f"{title} \N{SNOWMAN}",
                isbn=title,
                genre=genre,
                price=Decimal("5.00"),
                published_at=dt.datetime(2026, 1, 2, tzinfo=dt.UTC),
            )
            for key, author, title, genre in (
                (FIRST, ADA, "One", Genre.POETRY),
                (SECOND, BOB, "Two", Genre.NOVEL),
            )
        )
        session.add_all(
            Book(author_id=ADA, title=f"Many {number}", isbn=f"many-{number}", price=number + 1)
            for number in range(MANY)
        )
        await session.flush()
        session.add_all(Copy(book_id=FIRST, number=number, shelf="A") for number in (1, 2, 3))
        session.add(Counter(id=7, value=70))
    return database
