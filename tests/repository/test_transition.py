"""Conditional changes of state; here the genre of a book stands in for a status."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from fastgres.db import Database, Session
from fastgres.errors import ConfigurationError, NotFoundError, TransitionError, UnknownNameError
from tests.models import Book, Genre
from tests.repository.books import AuthorRepository, BookRepository, an_author, book, shelve


async def test_transition_changes_state_and_values(session: Session) -> None:
    """The entity comes back as the row is now."""
    (first,) = await shelve(session, book(1))
    moved = await BookRepository(session).transition(
        first.id, to=Genre.ESSAY, from_=Genre.NOVEL, values={"pages": 9}
    )
    assert moved is first
    assert (first.genre, first.pages) == (Genre.ESSAY, 9)


async def test_loser_is_told_the_present_state(session: Session) -> None:
    """In words, and as a member for machines."""
    (first,) = await shelve(session, book(1, genre=Genre.ESSAY))
    with pytest.raises(TransitionError) as caught:
        await BookRepository(session).transition(
            first.id, to=Genre.POETRY, from_=[Genre.NOVEL, Genre.POETRY]
        )
    assert caught.value.detail == (
        "The book is essay; only one that is novel or poetry can become poetry."
    )
    assert caught.value.extensions == {"state": "essay"}
    assert first.genre is Genre.ESSAY


async def test_missing_row_is_not_found(session: Session) -> None:
    """Also a deleted one, and one outside the scope."""
    (first,) = await shelve(session, book(1))
    books = BookRepository(session)
    with pytest.raises(NotFoundError):
        await books.transition(uuid4(), to=Genre.ESSAY, from_=Genre.NOVEL)
    with pytest.raises(NotFoundError):
        await books.transition(first.id, Book.price > 100, to=Genre.ESSAY, from_=Genre.NOVEL)
    await books.soft_delete(first)
    with pytest.raises(NotFoundError):
        await books.transition(first.id, to=Genre.ESSAY, from_=Genre.NOVEL)


@pytest.mark.clone
async def test_one_of_many_wins(database: Database) -> None:
    """The others wait for the winner, and then are told."""
    async with database.session() as session:
        (first,) = await shelve(session, book(1))
        await session.commit()

    async def attempt() -> str:
        async with database.session() as session:
            try:
                async with session.begin():
                    await BookRepository(session).transition(
                        first.id, to=Genre.ESSAY, from_=Genre.NOVEL
                    )
            except TransitionError as error:
                return str(error.extensions["state"])
            return "won"

    results = await asyncio.gather(*(attempt() for _ in range(10)))
    assert sorted(results) == ["essay"] * 9 + ["won"]


async def test_names_are_checked(session: Session) -> None:
    """A class without a state, and a misspelt column."""
    ada = await an_author(session)
    with pytest.raises(UnknownNameError, match="column of Author 'status'"):
        await AuthorRepository(session).transition(ada.id, to="x", from_="y")
    with pytest.raises(ConfigurationError, match="did you mean 'pages'"):
        await BookRepository(session).transition(
            uuid4(), to=Genre.ESSAY, from_=Genre.NOVEL, values={"page": 1}
        )
