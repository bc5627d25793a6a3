"""From a constraint's name to its columns."""

from __future__ import annotations

import pytest
from sqlalchemy import Column, MetaData, Table, Text, UniqueConstraint

from fastgres.db import Constraints
from tests.models import metadata


@pytest.mark.parametrize(
    ("table", "name", "columns"),
    [
        ("books", "uq_books_isbn", ("isbn",)),
        ("books", "uq_books_author_id_title", ("author_id", "title")),
        ("authors", "uq_authors_email", ("email",)),
        ("books", "fk_books_author_id_authors", ("author_id",)),
        ("copies", "pk_copies", ("book_id", "number")),
    ],
)
def test_a_declared_constraint_has_its_columns(
    table: str, name: str, columns: tuple[str, ...]
) -> None:
    assert Constraints(metadata).columns(table, name) == columns


def test_an_undeclared_constraint_has_none() -> None:
    assert Constraints(metadata).columns("books", "made_by_hand") == ()


def test_a_table_declared_later_is_found_too() -> None:
    late = MetaData()
    constraints = Constraints(late)
    assert constraints.columns("notes", "uq_notes_title") == ()
    Table("notes", late, Column("title", Text), UniqueConstraint("title", name="uq_notes_title"))
    assert constraints.columns("notes", "uq_notes_title") == ("title",)
