"""What becomes of declared routes, told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel

from fastgres.endpoints import ReadRouter, check_declared, declared_routes
from fastgres.errors import ConfigurationError
from fastgres.repository import KeysetQuery
from tests.endpoints.library import BookQuery, BookRead, BookRepository, library, served

if TYPE_CHECKING:
    from fastgres.db import Database


def test_every_declared_route_is_told(database: Database) -> None:
    told = {route.path: route for route in declared_routes(library(database, declared=True))}
    one = told["/books/{book_id}"]
    assert (one.name, one.answered_by, one.why) == ("read_book", "boundary", None)
    assert one.read.kind == "compiled"
    assert "SELECT" in (one.read.sql or "")
    hidden = told["/books/hidden"]
    assert hidden.answered_by == "fastapi"
    assert hidden.why == "the route '/books/{book_id}' stands before it and takes the same paths"
    assert {"/me/books", "/v2/{tenant}/counters/{counter_id}", "/books/numbered"} <= told.keys()
    counted = told.pop("/books")
    assert counted.read.statements == 2
    assert all(route.read.statements == 1 for route in told.values())


class Misspelt(BaseModel):
    """No book has such a thing."""

    titel: str


class MisspeltQuery(KeysetQuery):
    """Neither to filter by."""

    titel: str | None = None


@pytest.mark.parametrize(
    ("kind", "given", "named"),
    [
        ("one", {"model": Misspelt}, r"GET /shelf/books/\{book_id\} \(read_it, .*ReadRouter\.one`"),
        ("list", {"model": Misspelt}, r"GET /shelf/books \(read_it, .*ReadRouter\.list`"),
        ("page", {"query": MisspeltQuery}, r"GET /shelf/books \(read_it, .*ReadRouter\.page`"),
        ("list", {"where": ["titel = 'x'"]}, r"GET /shelf/books \(read_it, .*ReadRouter\.list`"),
    ],
    ids=["one", "list", "query", "where"],
)
def test_what_cannot_be_read_names_the_route(
    database: Database, kind: str, given: dict[str, Any], named: str
) -> None:
    """A model may be that of many."""
    router = ReadRouter(prefix="/shelf")
    path = "/books/{book_id}" if kind == "one" else "/books"
    asked = {"query": BookQuery} if kind == "page" else {}
    shown = {"repository": BookRepository, "model": BookRead, "name": "read_it", **asked, **given}
    getattr(router, kind)(path, **shown)
    with pytest.raises(ConfigurationError, match=rf"^The route {named}\).*titel"):
        check_declared(served(database, router))
