"""Filters against the database."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select

from fastgres.db import Session
from fastgres.repository.binding import bind
from tests.models import Binding, Book, Genre
from tests.repository.books import BookQuery, book, shelve, titles

CASES: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ["100% wool", "1000 nights", "a_b", "axb", "back\\slash"]),
    ({"title": "WOOL"}, ["100% wool"]),
    ({"title_part": "WOOL"}, []),
    ({"title_part": "0%"}, ["100% wool"]),
    ({"title_part": "a_b"}, ["a_b"]),
    ({"title_part": "\\"}, ["back\\slash"]),
    ({"title": ""}, ["100% wool", "1000 nights", "a_b", "axb", "back\\slash"]),
    ({"prefix": "100"}, ["100% wool", "1000 nights"]),
    ({"prefix": "100%"}, ["100% wool"]),
    ({"any_prefix": "A_"}, ["a_b"]),
    ({"exact_title": "axb"}, ["axb"]),
    ({"not_title": "axb"}, ["100% wool", "1000 nights", "a_b", "back\\slash"]),
    ({"price_min": "3"}, ["a_b", "axb", "back\\slash"]),
    ({"price_above": "3"}, ["axb", "back\\slash"]),
    ({"price_max": "2"}, ["100% wool", "1000 nights"]),
    ({"price_below": "2"}, ["100% wool"]),
    ({"pages": 10}, ["100% wool"]),
    ({"pages_not": 10}, ["1000 nights", "a_b", "axb", "back\\slash"]),
    ({"not_pages": [10, 20]}, ["a_b", "axb", "back\\slash"]),
    ({"unpaged": True}, ["a_b", "axb", "back\\slash"]),
    ({"unpaged": False}, ["100% wool", "1000 nights"]),
    ({"rating": 0.1}, ["a_b"]),
    ({"in_print": False}, ["axb"]),
    ({"genre": [Genre.POETRY, Genre.ESSAY]}, ["a_b", "axb"]),
    ({"genre": []}, []),
    ({"binding": Binding.HARDCOVER}, ["back\\slash"]),
    ({"bindings": [Binding.HARDCOVER]}, ["back\\slash"]),
    ({"published_after": dt.datetime(2025, 1, 1, tzinfo=dt.UTC)}, ["axb"]),
    ({"since_page": "whatever"}, ["100% wool", "1000 nights", "a_b", "axb", "back\\slash"]),
    ({"price_min": 2, "price_max": 3}, ["1000 nights", "a_b"]),
]


async def a_shelf(session: Session) -> None:
    """Shelve books that tell the operators apart."""
    await shelve(
        session,
        book(0, title="100% wool", pages=10),
        book(1, title="1000 nights", pages=20),
        book(2, title="a_b", genre=Genre.POETRY, rating=0.1),
        book(
            3,
            title="axb",
            genre=Genre.ESSAY,
            in_print=False,
            published_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        ),
        book(4, title="back\\slash", binding=Binding.HARDCOVER),
    )


@pytest.mark.parametrize(("filters", "expected"), CASES)
async def test_filter(session: Session, filters: dict[str, Any], expected: list[str]) -> None:
    """Each operator selects its rows, and wildcards stand for themselves."""
    await a_shelf(session)
    assert sorted(await titles(session, BookQuery(**filters))) == expected


@pytest.mark.parametrize(("filters", "expected"), CASES)
async def test_template(session: Session, filters: dict[str, Any], expected: list[str]) -> None:
    """A statement that is made without the values selects the same rows, given them."""
    await a_shelf(session)
    query, bound = BookQuery(**filters), bind(Book, BookQuery)
    conditions = bound.template_conditions(bound.shape(query))
    values = bound.values(query)
    selected = select(Book.title).where(*conditions)
    assert set(selected.compile().params) == set(values)
    assert sorted(await session.scalars(selected, values)) == expected
