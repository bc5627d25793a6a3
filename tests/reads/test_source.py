"""Attributes of mapped classes: which of them SQL can give."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Integer, Numeric, String

from fastgres.reads.source import (
    PythonSource,
    RelationSource,
    ValueSource,
    names_of,
    source_of,
)
from tests.models import Author, Book, Copy
from tests.reads.gallery import Artist, Keyword, Loud, Painting, Plain, Room


@pytest.mark.parametrize(
    ("name", "kind", "nullable", "mapped"),
    [
        ("id", Integer, False, True),
        ("price", Numeric, True, True),
        ("signature", Loud, True, True),
        ("note", Plain, True, True),
        ("doubled", Integer, None, True),
        ("area", Integer, None, False),
        ("name", String, False, True),
    ],
)
def test_value(name: str, kind: type[Any], nullable: bool | None, mapped: bool) -> None:
    """A column, a `column_property`, a hybrid with SQL, a synonym."""
    source = source_of(Painting, name)
    assert isinstance(source, ValueSource)
    assert (source.name, source.nullable, source.mapped) == (name, nullable, mapped)
    assert isinstance(source.type, kind)


@pytest.mark.parametrize(
    ("cls", "name", "target", "many", "ordered"),
    [
        (Painting, "artist", Artist, False, False),
        (Painting, "keywords", Keyword, True, False),
        (Artist, "paintings", Painting, True, True),
        (Artist, "room", Room, False, False),
        (Book, "copies", Copy, True, True),
        (Book, "author", Author, False, False),
    ],
)
def test_relationship(
    cls: type[Any], name: str, target: type[Any], many: bool, ordered: bool
) -> None:
    """What SQL can follow."""
    source = source_of(cls, name)
    assert isinstance(source, RelationSource)
    assert (source.target, source.many, source.ordered) == (target, many, ordered)
    assert source.why is None


@pytest.mark.parametrize(
    ("cls", "name", "why"),
    [
        (Artist, "unordered", "collection of its own kind"),
        (Painting, "detour", "leads over more than one table"),
    ],
)
def test_relationship_that_only_the_orm_can_follow(cls: type[Any], name: str, why: str) -> None:
    """It is loaded as a relationship all the same."""
    source = source_of(cls, name)
    assert isinstance(source, RelationSource)
    assert why in str(source.why)


@pytest.mark.parametrize(
    ("cls", "name", "why", "through"),
    [
        (Artist, "queried", "lazy='dynamic'", None),
        (Artist, "written", "lazy='write_only'", None),
        (Painting, "famous_artist", "a class under another name", "famous_artist"),
        (Painting, "words", "an association proxy", "keywords"),
        (Painting, "size", "a composite", None),
        (Painting, "caption", "a hybrid without an SQL expression", None),
        (Painting, "initial", "computed by the mapped class", None),
        (Painting, "hung", "computed by the mapped class", None),
    ],
)
def test_what_only_python_reads(cls: type[Any], name: str, why: str, through: str | None) -> None:
    """With the reason, and what has to be loaded for it."""
    source = source_of(cls, name)
    assert isinstance(source, PythonSource)
    assert why in source.why
    assert source.through == through


@pytest.mark.parametrize("name", ["titel", "metadata", "registry"])
def test_what_is_no_attribute_of_a_row(name: str) -> None:
    """What every declarative class has is not meant by a field of that name."""
    assert source_of(Painting, name) is None


def test_names_are_those_that_are_mapped() -> None:
    """For the question which one was meant."""
    names = names_of(Painting)
    assert {"title", "artist", "words", "area", "size", "name", "metadata_"} <= set(names)
    assert not {"metadata", "initial", "describe"} & set(names)
    assert names == sorted(names)
