"""Which unique index an upsert can name."""

from __future__ import annotations

import pytest
from sqlalchemy import Index, func

from fastgres.errors import ConfigurationError
from fastgres.repository.columns import table_columns
from fastgres.repository.conflict import conflict_target
from tests.models import Author, Book, Copy


def test_primary_key_and_unique_constraints() -> None:
    """Named in any order."""
    copies, books = table_columns(Copy), table_columns(Book)
    assert conflict_target(Copy, [copies["number"], copies["book_id"]]).where is None
    assert conflict_target(Book, [books["isbn"]]).columns == (books["isbn"],)


def test_partial_index_brings_its_condition() -> None:
    """Without it PostgreSQL does not find the index."""
    target = conflict_target(Author, [table_columns(Author)["email"]])
    assert str(target.where) == "deleted_at IS NULL"


def test_part_of_a_constraint_is_no_target() -> None:
    """The message lists what there is."""
    with pytest.raises(ConfigurationError, match=r"There are: .*\(author_id, title\)"):
        conflict_target(Book, [table_columns(Book)["title"]])


def test_index_on_an_expression_is_no_target() -> None:
    """It cannot be named by columns."""
    index = Index("uq_lower", func.lower(Author.name), unique=True)
    try:
        with pytest.raises(ConfigurationError, match="No unique index"):
            conflict_target(Author, [table_columns(Author)["name"]])
    finally:
        Author.metadata.tables["authors"].indexes.remove(index)
