"""Relationships refuse to load by themselves; fails when SQLAlchemy's private switch moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import ForeignKey, select
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    configure_mappers,
    joinedload,
    mapped_column,
    relationship,
    selectinload,
)

from fastgres.db import refuse_lazy_loads
from tests.models import Author, Book

if TYPE_CHECKING:
    from fastgres.db import Session


@pytest.fixture
async def stored_book(session: Session) -> None:
    author = Author(name="Ada", email="ada@example.com")
    async with session.begin():
        session.add(Book(author=author, title="Notes", isbn="1", price=5))
    session.expunge_all()


@pytest.mark.usefixtures("stored_book")
async def test_a_relationship_that_was_not_loaded_says_so(session: Session) -> None:
    book = (await session.scalars(select(Book))).one()
    with pytest.raises(InvalidRequestError, match=r"Book\.author"):
        _ = book.author


@pytest.mark.usefixtures("stored_book")
async def test_a_collection_that_was_not_loaded_says_so(session: Session) -> None:
    author = (await session.scalars(select(Author))).one()
    with pytest.raises(InvalidRequestError, match=r"Author\.books"):
        _ = author.books


@pytest.mark.usefixtures("stored_book")
async def test_options_load_it(session: Session) -> None:
    query = select(Author).options(selectinload(Author.books).joinedload(Book.author))
    author = (await session.scalars(query)).one()
    assert [book.author for book in author.books] == [author]


@pytest.mark.usefixtures("stored_book")
async def test_a_row_already_in_the_session_answers_without_sql(session: Session) -> None:
    author = (await session.scalars(select(Author))).one()
    book = (await session.scalars(select(Book))).one()
    assert book.author is author


def test_a_relationship_that_names_its_loading_keeps_it() -> None:
    class Own(DeclarativeBase): ...

    class Parent(Own):
        __tablename__ = "parents"
        id: Mapped[int] = mapped_column(primary_key=True)

    class Child(Own):
        __tablename__ = "children"
        id: Mapped[int] = mapped_column(primary_key=True)
        parent_id: Mapped[int] = mapped_column(ForeignKey("parents.id"))
        chosen: Mapped[Parent] = relationship(lazy="joined", viewonly=True)
        left: Mapped[Parent] = relationship(viewonly=True)

    refuse_lazy_loads(Own)
    configure_mappers()
    assert Child.chosen.property.lazy == "joined"
    assert Child.left.property.lazy == "raise_on_sql"
    assert joinedload(Child.left) is not None
