"""The statements that are kept for creates."""

from __future__ import annotations

from uuid import UUID, uuid4

from pydantic import BaseModel

from fastgres.reads import ReadPlan
from fastgres.repository.insertion import Insertion
from fastgres.repository.location import location_of
from fastgres.repository.making import Making, making_of
from tests.models import Author


class AuthorRead(BaseModel):
    """An author."""

    name: str


def _making() -> Making:
    return making_of(
        Insertion.of(Author), ReadPlan.of(Author, AuthorRead), location_of(Author, "/{email}")
    )


def test_statements_are_compiled_once() -> None:
    """For all bodies that leave the same to the server."""
    row = {"name": "Ada", "email": "ada@example.com"}
    first, arguments = _making().statement(row, guarded=True)
    again, others = _making().statement(row | {"born": None, "name": "Eve"}, guarded=True)
    assert again is first
    assert len(arguments) == len(others)
    other, _ = _making().statement(row | {"created_at": None, "deleted_at": None}, guarded=False)
    assert other is not first


def test_values_are_those_of_the_location_and_of_the_key() -> None:
    """In the order of the statement's columns."""
    key: UUID = uuid4()
    assert _making().split(["ada@example.com", key]) == (["ada@example.com"], [key])
