"""What the routes of a service read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fastapi import APIRouter, Response

from fastgres.dev import RouteReads, list_reads
from fastgres.errors import ConfigurationError
from fastgres.http import SessionDep
from tests.dev import bookshop
from tests.reads.shelf import BookRead

if TYPE_CHECKING:
    from fastgres.settings import Settings


@pytest.fixture
def found(settings: Settings) -> dict[str, RouteReads]:
    """The routes of the bookshop by method and path."""
    return {
        f"{each.route.methods[0]} {each.route.path}": each
        for each in list_reads(bookshop.make(settings))
    }


@pytest.mark.parametrize(
    ("route", "answered", "kind", "statements"),
    [
        ("GET /declared/{book_id}", "declared", "compiled", 1),
        ("GET /declared", "declared", "loaded", 1),
        ("GET /page", "handler", "compiled", 1),
        ("GET /one/{book_id}", "handler", "compiled", 1),
        ("GET /offset", "handler", "compiled", 2),
        ("POST /both", "handler", "loaded", 3),
        ("GET /rows", "handler", "orm", None),
        ("GET /unannotated", "handler", "orm", None),
        ("GET /counted", "handler", None, None),
        ("DELETE /one/{book_id}", "handler", None, None),
        ("GET /livez", "handler", None, None),
    ],
)
def test_each_route_says_what_it_reads(
    found: dict[str, RouteReads], route: str, answered: str, kind: str, statements: int
) -> None:
    """Declared, written, in one statement or in more."""
    one = found[route]
    assert (one.answered, one.kind, one.statements) == (answered, kind, statements)


def test_a_loaded_read_says_which_field_makes_it_one(found: dict[str, RouteReads]) -> None:
    """One of two is enough."""
    assert found["GET /declared"].reasons == ("LoudTitle computes loud",)
    assert found["POST /both"].reasons == ("LoudTitle computes loud",)


def test_a_route_that_returns_rows_is_told_how_to_answer(found: dict[str, RouteReads]) -> None:
    """In its own words, where there are any."""
    assert "`books.page(AuthorRead, query, Book.pages > 1)`" in str(found["GET /rows"].hint)
    assert "a read of AuthorRead" in str(found["GET /unannotated"].hint)


def test_a_read_can_be_explained_for_a_query(found: dict[str, RouteReads]) -> None:
    """One that takes none says so."""
    (paged,), (listed,) = found["GET /page"].reads, found["GET /own"].reads
    assert "books.genre" in str(paged.explain("genre=novel").sql)
    assert paged.explain("").sql == paged.told.sql
    with pytest.raises(ConfigurationError, match="takes no query model"):
        listed.explain("genre=novel")


@pytest.mark.parametrize(
    ("route", "name"),
    [
        ("GET /declared/lean", "fields"),
        ("GET /declared/lean/all", "fields"),
        ("GET /declared/lean/{book_id}", "fields"),
        ("GET /lean/page", "fields"),
        ("GET /lean/titles", "shown"),
        ("GET /lean/one", "fields"),
    ],
)
def test_a_read_is_explained_with_the_fields_that_a_client_asks_for(
    found: dict[str, RouteReads], route: str, name: str
) -> None:
    """As a request is answered; an unknown one is refused with the names."""
    (read,) = found[route].reads
    lean = str(read.explain(f"{name}=price,author.name").sql)
    assert "authors" in lean
    assert '"price"' in lean
    assert '"copies"' in str(read.told.sql)
    assert '"copies"' not in lean
    with pytest.raises(ConfigurationError, match=r"422.*no field 'copeis'; did .*Allowed: id, ti"):
        read.explain(f"{name}=copeis")


def test_fields_and_filters_are_asked_for_together(found: dict[str, RouteReads]) -> None:
    for route in ("GET /declared/lean", "GET /lean/page"):
        (read,) = found[route].reads
        lean = str(read.explain("genre=novel&fields=price&sort=-price").sql)
        assert '"copies"' not in lean
        assert "books.genre = ANY" in lean
        assert "ORDER BY books.price DESC" in lean


def test_fields_that_the_call_names_are_all(found: dict[str, RouteReads]) -> None:
    """No client may ask for others."""
    (read,) = found["GET /lean/prices"].reads
    assert '"price"' in str(read.told.sql)
    assert '"copies"' not in str(read.told.sql)
    with pytest.raises(ConfigurationError, match="takes no query model"):
        read.explain("fields=title")


def test_a_route_without_fields_takes_none(found: dict[str, RouteReads]) -> None:
    with pytest.raises(ConfigurationError, match=r"422.* There is no parameter 'fields'"):
        found["GET /page"].reads[0].explain("fields=price")


def test_fields_that_the_call_misspells(settings: Settings) -> None:
    """Every request would be refused for them."""
    router = APIRouter()

    @router.get("/misspelt", response_model=list[BookRead])
    async def misspelt(session: SessionDep) -> Response:
        return await bookshop.wholes.list(session, fields="prize")

    app = bookshop.make(settings)
    app.include_router(router)
    with pytest.raises(ConfigurationError, match=r"fields='prize'\)` .*did you mean 'price'"):
        list_reads(app)
