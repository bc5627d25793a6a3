"""A column that the path gives is none that a client may filter by."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import pytest
from pydantic import field_validator

from fastgres.endpoints import ReadRouter
from fastgres.errors import ConfigurationError
from fastgres.repository import Filter, KeysetQuery
from tests.endpoints.library import ADA, BOB, BookRead, BookRepository, ask, served

if TYPE_CHECKING:
    from fastgres.db import Database


class AuthorsBooks(KeysetQuery):
    """One filter has to be given, three are on the same column."""

    author_id: UUID
    writers: Annotated[list[UUID] | None, Filter("in", column="author_id")] = None
    title: Annotated[str | None, Filter("contains")] = None


def router(path: str = "/authors/{author_id}/books", **keys: str) -> ReadRouter:
    """Declare the books of an author."""
    made = ReadRouter()
    made.page(path, BookRepository, BookRead, AuthorsBooks, keys=keys, fields=True)
    return made


@pytest.mark.parametrize("declared", [True, False], ids=["boundary", "fastapi"])
async def test_it_is_no_parameter_of_the_query(filled: Database, *, declared: bool) -> None:
    """Neither needed nor taken; the other filters stay."""
    app = served(filled, router(), declared=declared)
    path = f"/authors/{ADA}/books"
    found = await ask(app, path, query=b"title=One&fields=isbn")
    assert found.by_fastapi is not declared
    assert json.loads(found.body)["items"] == [{"isbn": "One"}]
    for name in ("author_id", "writers"):
        refused = await ask(app, path, query=f"{name}={BOB}".encode())
        assert refused.status == 422
        assert b"Allowed: cursor, fields, size, title." in refused.body


def test_it_is_documented_once(database: Database) -> None:
    """As a parameter of the path, whatever it is called there."""
    named = {"/authors/{author_id}/books": "author_id", "/by/{writer}": "writer"}
    both = router(), router("/by/{writer}", writer="author_id")
    paths = served(database, *both).openapi()["paths"]
    for path, name in named.items():
        found = [(each["in"], each["name"]) for each in paths[path]["get"]["parameters"]]
        assert found[0] == ("path", name)
        queried = {each for place, each in found if place == "query"}
        assert queried == {"cursor", "fields", "size", "title"}


def test_the_query_model_itself_stays_as_it_is() -> None:
    """Other routes use it."""
    router()
    assert {"author_id", "writers"} <= AuthorsBooks.model_fields.keys()


def test_a_validator_that_needs_the_field() -> None:
    """It cannot be left out behind the back of the model."""

    class Checked(AuthorsBooks):
        @field_validator("author_id")
        @classmethod
        def check(cls, value: UUID) -> UUID:
            return value

    with pytest.raises(ConfigurationError, match=r"Checked has a validator .*author_id.*/by/"):
        ReadRouter().page("/by/{author_id}", BookRepository, BookRead, Checked)
