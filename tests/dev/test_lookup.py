"""The route that somebody means."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fastgres.dev import find_reads
from fastgres.errors import ConfigurationError, UnknownNameError
from tests.dev import bookshop

if TYPE_CHECKING:
    from fastapi import FastAPI

    from fastgres.settings import Settings


@pytest.fixture
def shop(settings: Settings) -> FastAPI:
    """The bookshop."""
    return bookshop.make(settings)


@pytest.mark.parametrize(
    "wanted",
    ["GET /one/{book_id}", "get  /one/{book_id}", "/one/{book_id}", "read_one", " read_one?a=1"],
)
def test_a_route_is_found_by_each_of_its_names(shop: FastAPI, wanted: str) -> None:
    """Though another one has the same path, and reads nothing."""
    found, query_string = find_reads(shop, wanted)
    assert found.route.name == "read_one"
    assert query_string == ("a=1" if "?" in wanted else "")


@pytest.mark.parametrize(
    ("wanted", "meant"),
    [
        ("/pages", "/page"),
        ("GET /one/{id}", "GET /one/{book_id}"),
        ("DELETE /page", "GET /page"),
        ("list_title", "list_titles"),
        ("get_declared", None),
    ],
)
def test_a_wrong_name_is_told_what_was_probably_meant(
    shop: FastAPI, wanted: str, meant: str | None
) -> None:
    """Among names of the same kind."""
    with pytest.raises(UnknownNameError) as refused:
        find_reads(shop, wanted)
    assert refused.value.suggestion == meant


def test_a_route_that_reads_no_response_model_says_so(shop: FastAPI) -> None:
    """And what would make it read one."""
    with pytest.raises(ConfigurationError, match=r"`books\.page\(AuthorRead"):
        find_reads(shop, "/rows")
    with pytest.raises(ConfigurationError, match=r"DELETE /one/.* reads no response model"):
        find_reads(shop, "DELETE /one/{book_id}")
