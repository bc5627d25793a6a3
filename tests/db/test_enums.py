"""Enums stored as text with a CHECK."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, text
from sqlalchemy.dialects import postgresql

from fastgres.db import text_enum
from fastgres.errors import CheckViolationError
from tests.models import Author, Book, Genre

if TYPE_CHECKING:
    from fastgres.db import Session


class OrderStatus(StrEnum):
    PLACED = "placed"


@pytest.fixture
async def book(session: Session) -> Book:
    book = Book(
        author=Author(name="Ada", email="ada@example.com"),
        title="Notes",
        isbn="1",
        price=5,
        genre=Genre.POETRY,
    )
    async with session.begin():
        session.add(book)
    return book


async def test_the_value_is_stored_not_the_name(session: Session, book: Book) -> None:
    assert await session.scalar(text("SELECT genre FROM books")) == "poetry"
    assert await session.scalar(select(Book.genre)) is Genre.POETRY


async def test_another_value_is_refused_by_the_database(session: Session, book: Book) -> None:
    with pytest.raises(CheckViolationError) as raised:
        await session.execute(text("UPDATE books SET genre = 'cookery'"))
    assert raised.value.extensions == {"rule": "genre"}


def test_the_rule_is_called_as_the_enum() -> None:
    assert text_enum(OrderStatus).name == "order_status"


def test_the_column_has_room_for_longer_values_to_come() -> None:
    kind = text_enum(OrderStatus).compile(dialect=postgresql.dialect())  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped
    assert kind == "VARCHAR(40)"
