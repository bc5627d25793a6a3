"""Each difference between models and database, said in one sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fastgres.errors import DriftError
from fastgres.migrations.drift import outdated_tables

if TYPE_CHECKING:
    from fastgres.migrations import Migrator
    from tests.migrations.conftest import Place

BOOKS = """
op.create_table(
    "books",
    sa.Column("id", sa.BigInteger, primary_key=True),
    sa.Column("title", sa.Text, server_default="untitled"),
    sa.Column("pages", sa.Integer, nullable=False),
    sa.Column("binding", sa.Enum("hard", "soft", name="binding")),
    sa.CheckConstraint("pages > 0", name="pages"),
    sa.UniqueConstraint("title", name="uq_books_title"),
)
op.create_index("ix_books_pages", "books", ["pages"])
"""


TITLE_DIFFERS = (
    "column books.title: the server default is 'untitled'::text in the database, none in the models"
)
BINDING_DIFFERS = (
    "enum of books.binding: ['hard', 'soft'] in the database, "
    "['hard', 'soft', 'cloth'] in the models"
)


def books(*columns: str) -> str:
    """Write the table with these columns in place of those of the revision."""
    own = {
        "title": 'sa.Column("title", sa.Text, server_default="untitled", unique=True)',
        "pages": 'sa.Column("pages", sa.Integer, nullable=False, index=True)',
        "binding": 'sa.Column("binding", sa.Enum("hard", "soft", name="binding"))',
        "check": 'sa.CheckConstraint("pages > 0", name="pages")',
    }
    given = {column.split('"')[1]: column for column in columns}
    lines = [
        'sa.Column("id", sa.BigInteger, primary_key=True)',
        *(own | given).values(),
    ]
    return f'sa.Table("books", metadata, {", ".join(line for line in lines if line)})'


@pytest.mark.parametrize(
    ("models", "expected"),
    [
        (
            books()
            + '\nsa.Table("authors", metadata, sa.Column("id", sa.Integer, primary_key=True))',
            "table authors is only in the models",
        ),
        ("", "table books is only in the database"),
        (
            books('sa.Column("isbn", sa.Text)'),
            "column books.isbn is only in the models",
        ),
        (
            books('sa.Column("pages", sa.BigInteger, nullable=False, index=True)'),
            "column books.pages: the type is INTEGER in the database, BIGINT in the models",
        ),
        (
            books('sa.Column("pages", sa.Integer, index=True)'),
            "column books.pages: nullable is False in the database, True in the models",
        ),
        (
            books('sa.Column("title", sa.Text, server_default="none", unique=True)'),
            TITLE_DIFFERS,
        ),
        (
            books('sa.Column("pages", sa.Integer, nullable=False)'),
            "index ix_books_pages on books is only in the database",
        ),
        (
            books('sa.Column("title", sa.Text, server_default="untitled")'),
            "constraint uq_books_title on books is only in the database",
        ),
        (
            books('sa.Column("binding", sa.Enum("hard", "soft", "cloth", name="binding"))'),
            BINDING_DIFFERS,
        ),
        (
            books() + '\nmetadata.tables["books"].append_constraint('
            'sa.CheckConstraint("pages < 9000", name="few"))',
            "constraint ck_books_few on books is only in the models",
        ),
    ],
)
async def test_check_says_what_differs(
    place: Place, migrator: Migrator, models: str, expected: str
) -> None:
    """In the words of tables and columns, on the side where it is."""
    place.write_revision("a1", None, BOOKS)
    await migrator.upgrade()
    place.write_models(books())
    await migrator.check()
    place.write_models(models)
    with pytest.raises(DriftError) as raised:
        await migrator.check()
    assert expected in raised.value.differences
    assert expected in str(raised.value)


def test_tables_of_an_older_release_are_a_difference() -> None:
    """Continuous integration says so, before the start in production does."""
    [difference] = outdated_tables(1, needed=2)
    assert difference.startswith("the tables of fastgres are at version 1, this release has 2: ")
    assert "`fastgres db tables`" in difference


@pytest.mark.parametrize("installed", [0, 2, 3])
def test_a_service_without_the_tables_or_with_newer_ones_agrees(installed: int) -> None:
    """It may need none, or be the previous release in a roll-out."""
    assert outdated_tables(installed, needed=2) == []
