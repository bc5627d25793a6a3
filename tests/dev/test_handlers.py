"""The reads of a handler, found in its source."""

from __future__ import annotations

from typing import Any

import pytest

from fastgres.dev.handlers import Findings, FoundRead
from tests.dev import bookshop
from tests.reads.shelf import BookRead, LoudTitle, Title


def only_read(handler: Any) -> FoundRead:
    """Return the one read of a handler."""
    (found,) = Findings.of(handler).reads
    return found


@pytest.mark.parametrize(
    ("handler", "method", "model"),
    [
        (bookshop.page_of_books, "page", BookRead),
        (bookshop.offset_page_of_books, "offset_page", BookRead),
        (bookshop.read_one, "read", BookRead),
        (bookshop.list_own, "list", Title),
        (bookshop.read_cheapest, "first", LoudTitle),
        (bookshop.list_titles, "list", Title),
        (bookshop.first_title, "first", Title),
        (bookshop.export, "stream", Title),
    ],
)
def test_a_read_is_found_wherever_it_is_called(handler: Any, method: str, model: type) -> None:
    """By the handler, by a service, by a method of the repository."""
    found = only_read(handler)
    assert (found.method, found.model) == (method, model)


def test_a_read_knows_its_query_model_and_what_only_a_request_knows() -> None:
    """The conditions and the order that the call adds."""
    paged, listed = only_read(bookshop.page_of_books), only_read(bookshop.list_titles)
    assert (paged.query, paged.conditions) == (bookshop.BookQuery, ("Book.pages > 1",))
    assert (paged.option("include_deleted"), paged.option("count")) == (True, "exact")
    assert listed.conditions == ("Book.pages > 1", "order_by=[Book.title]")


def test_several_reads_are_all_found_in_their_order() -> None:
    """Of a repository, and without one."""
    found = Findings.of(bookshop.read_both)
    assert [(each.method, each.model) for each in found.reads] == [
        ("one", Title),
        ("first", Title),
        ("first", LoudTitle),
    ]


def test_calls_that_return_rows_are_written_as_reads() -> None:
    """With all that they were given, but for the loader options."""
    (rows,) = Findings.of(bookshop.page_of_rows).rows
    assert rows.reading("BookRead") == "books.page(BookRead, query, Book.pages > 1)"
    (rows,) = Findings.of(bookshop.unannotated).rows
    assert rows.reading("BookRead") is None


def test_a_handler_without_source_has_no_reads() -> None:
    """And is no error."""
    namespace: dict[str, Any] = {}
    exec("async def handler(): return await books.page(BookRead, query)", namespace)
    assert Findings.of(namespace["handler"]).reads == []
    assert Findings.of(print).reads == []
