"""Statements that are compiled once: where each argument comes from."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import ARRAY, Integer, select, tuple_

from fastgres.reads import Given, parameter
from fastgres.reads.template import Template
from tests.models import Binding, Book, Genre


def template(*conditions: Any, names: str = "", where: tuple[Any, ...] = ()) -> Template:
    """Compile a statement with conditions of its own and those of a caller."""
    given = Given.of(where)
    statement = select(Book.id).where(*conditions, *given.where)
    return Template.of(statement, names=frozenset(names.split()), given=given.values)


def test_placeholders_are_those_of_asyncpg() -> None:
    """Numbered, and each has its slot."""
    made = template(Book.title == parameter("title", Book.title.type), names="title")
    assert "$1" in made.sql
    assert [slot.name for slot in made.slots] == ["title"]


def test_named_values_alone() -> None:
    """Then the arguments are looked up, and nothing else is done."""
    made = template(
        Book.title == parameter("title", Book.title.type),
        Book.pages > parameter("pages", Integer()),
        names="pages title",
    )
    assert made.names == ("title", "pages")
    assert made.arguments({"pages": 1, "title": "a", "more": 0}) == ["a", 1]


def test_name_used_twice() -> None:
    """One placeholder will do."""
    made = template(
        Book.pages > parameter("n", Integer()), Book.price > parameter("n", Integer()), names="n"
    )
    assert made.arguments({"n": 7}) == [7]


def test_constants_keep_their_values() -> None:
    """Those are of the statement itself, and the same for everybody."""
    made = template(Book.title == "a", Book.pages == parameter("n", Integer()), names="n")
    assert made.names is None
    assert made.arguments({"n": 2}) == ["a", 2]


def test_values_are_written_as_the_driver_takes_them() -> None:
    """An enum by its label, whichever way the value comes in."""
    by_name = template(
        Book.binding == parameter("binding", Book.binding.type),
        Book.genre == parameter("genre", Book.genre.type),
        names="binding genre",
    )
    assert by_name.names is None
    values = {"binding": Binding.HARDCOVER, "genre": Genre.ESSAY}
    assert by_name.arguments(values) == ["hardcover", "essay"]
    assert by_name.arguments({"binding": None, "genre": None}) == [None, None]
    where = (Book.binding == Binding.PAPERBACK, Book.genre.in_([Genre.NOVEL, Genre.ESSAY]))
    made = template(where=where)
    assert made.arguments({}, Given.of(where).values) == ["paperback", "novel", "essay"]


def test_values_of_a_caller_come_with_each_run() -> None:
    """From the conditions of that run, place by place."""
    made = template(Book.pages > parameter("n", Integer()), names="n", where=(Book.title == "a",))
    other = Given.of([Book.title == "b"])
    assert made.arguments({"n": 1}, other.values) == [1, "b"]


def test_values_of_lists() -> None:
    """Item by item, and column by column where the items are rows."""
    rows = [("a", Binding.HARDCOVER), ("b", Binding.PAPERBACK)]
    made = template(
        where=(Book.pages.in_([1, 2]), tuple_(Book.title, Book.binding).in_(rows), Book.price > 3)
    )
    turned = [("c", Binding.PAPERBACK), ("d", Binding.HARDCOVER)]
    other = Given.of(
        [Book.pages.in_([8, 9]), tuple_(Book.title, Book.binding).in_(turned), Book.price > 4]
    )
    arguments = made.arguments({}, other.values)
    assert sorted(map(str, arguments)) == sorted(
        map(str, [8, 9, "c", "paperback", "d", "hardcover", 4])
    )
    assert arguments.index("c") + 1 == arguments.index("paperback")
    assert arguments.index("d") + 1 == arguments.index("hardcover")


@pytest.mark.parametrize(
    "where",
    [
        (Book.title == "a",),
        (Book.title == "a", Book.pages.in_([1, 2])),
        (Book.pages.in_([]),),
        (Book.pages.is_(None),),
        (),
    ],
)
def test_takes_all(where: tuple[Any, ...]) -> None:
    """A value without a place would be the first caller's for ever; an empty list needs none."""
    assert template(where=where).takes_all(Given.of(where).values)


def test_takes_not_all() -> None:
    """A value that stands in the SQL, or that the statement has lost."""
    given = Given.of([Book.title == "a"])
    assert not template().takes_all(given.values)


def test_array_is_one_value() -> None:
    """It is no list of an IN."""
    made = template(Book.id == parameter("id", Book.id.type), names="id tags")
    tagged = template(Book.tags.contains(parameter("tags", ARRAY(Integer))), names="tags")
    assert made.arguments({"id": UUID(int=1)}) == [UUID(int=1)]
    assert tagged.arguments({"tags": ["a", "b"]}) == [["a", "b"]]
