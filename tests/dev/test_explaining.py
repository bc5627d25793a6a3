"""The statement of a read that was found in a handler."""

from __future__ import annotations

from typing import Any

import pytest

from fastgres.dev.explaining import explain_found, query_of
from fastgres.dev.handlers import Findings
from fastgres.errors import ConfigurationError
from fastgres.reads import Explanation
from tests.dev import bookshop
from tests.models import Genre


def explained(handler: Any, query: Any = None) -> Explanation:
    """Explain the one read of a handler."""
    (found,) = Findings.of(handler).reads
    return explain_found(found, query)


@pytest.mark.parametrize(
    ("handler", "part"),
    [
        (bookshop.page_of_books, "string_agg(page.body, ',')"),
        (bookshop.offset_page_of_books, "OFFSET $2"),
        (bookshop.read_one, "WHERE books.id = $1::UUID"),
        (bookshop.list_own, "array_to_string(array(("),
        (bookshop.first_title, "ORDER BY books.id \n LIMIT $1"),
        (bookshop.export, "string_agg(page.body, chr(10))"),
    ],
)
def test_each_kind_of_read_has_its_statement(handler: Any, part: str) -> None:
    """As the read itself sends it."""
    assert part in str(explained(handler).sql)


def test_what_is_written_in_the_call_counts() -> None:
    """Deleted rows, the number of all rows, an estimate of it, the limit."""
    paged = explained(bookshop.page_of_books)
    assert "deleted_at" not in str(paged.sql)
    assert "SELECT count(*) AS count_2" in str(paged.sql)
    assert explained(bookshop.offset_page_of_books).statements == 2
    assert explained(bookshop.list_own).values["limit"] == 7


def test_the_scope_of_a_repository_is_a_condition() -> None:
    """Its value comes with a request."""
    told = explained(bookshop.list_own)
    assert "books.author_id = $1::UUID" in str(told.sql)
    assert told.values["scope_author_id"] is None


def test_a_page_is_that_of_a_query() -> None:
    """Filters and sort decide about the statement; required filters may be left out."""
    query = query_of(bookshop.BookQuery, "genre=novel&genre=essay&sort=-price&size=3")
    assert (query.genre, query.size) == ([Genre.NOVEL, Genre.ESSAY], 3)
    told = explained(bookshop.page_of_books, query)
    assert "books.genre = ANY ($2" in str(told.sql)
    assert "ORDER BY books.price DESC" in str(told.sql)
    assert "WHERE books.deleted_at IS NULL ORDER" in " ".join(
        str(explained(bookshop.offset_page_of_books).sql).split()
    )


def test_a_query_that_would_be_refused_is_no_query() -> None:
    """It says what a client would be told."""
    with pytest.raises(ConfigurationError, match=r"422.* author_id: Field required"):
        query_of(bookshop.AuthorsBooks, "size=3")
