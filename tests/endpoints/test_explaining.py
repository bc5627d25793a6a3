"""What becomes of declared routes, told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastgres.endpoints import declared_routes
from tests.endpoints.library import library

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
