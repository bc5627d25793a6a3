"""Enums stored as text: a changed list of values is noticed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from fastgres.errors import CheckViolationError, DriftError
from fastgres.migrations.checks import values_in

if TYPE_CHECKING:
    from fastgres.db import Database
    from fastgres.migrations import Migrator
    from tests.migrations.conftest import Place


def books(*values: str) -> str:
    """Write a table whose column is text that must be one of these values."""
    enum = ", ".join(map(repr, values))
    return f"""
sa.Table("books", metadata, sa.Column("id", sa.BigInteger, primary_key=True),
         sa.Column("genre", sa.Enum({enum}, name="genre", native_enum=False, length=20,
                                    create_constraint=True)))
"""


async def test_a_changed_list_is_generated_and_undone(
    place: Place, migrator: Migrator, scratch: Database
) -> None:
    """The CHECK keeps its name; the way back has the old list."""
    place.write_models(books("novel", "poetry"))
    await migrator.new("books")
    await migrator.upgrade()
    await migrator.check()
    place.write_models(books("novel", "poetry", "children's"))
    with pytest.raises(DriftError, match="ck_books_genre"):
        await migrator.check()
    await migrator.new("for children")
    await migrator.upgrade()
    await migrator.check()
    insert = text("INSERT INTO books VALUES (1, 'children''s')")
    async with scratch.engine.begin() as connection:
        await connection.execute(insert)
        await connection.execute(text("DELETE FROM books"))
    await migrator.downgrade("-1")
    with pytest.raises(CheckViolationError):
        async with scratch.engine.begin() as connection:
            await connection.execute(insert)


def test_values_are_read_from_what_postgresql_makes_of_a_list() -> None:
    """It rewrites IN, and doubles quotes."""
    condition = "genre::text = ANY (ARRAY['novel'::character varying, 'children''s'::text]::text[])"
    assert values_in(condition) == {"novel", "children's"}
