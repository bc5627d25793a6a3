"""Enum types: made, extended and dropped by what is generated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

if TYPE_CHECKING:
    from fastgres.db import Database
    from fastgres.migrations import Migrator
    from tests.migrations.conftest import Place


def books(*values: str) -> str:
    """Write a table whose column has an enum type with these values."""
    enum = ", ".join(map(repr, values))
    return f"""
sa.Table("books", metadata, sa.Column("id", sa.BigInteger, primary_key=True),
         sa.Column("binding", sa.Enum({enum}, name="binding"), server_default="hard"))
"""


async def labels(database: Database) -> list[str]:
    """Return the values that the database knows."""
    async with database.engine.connect() as connection:
        rows = await connection.execute(
            text(
                "SELECT enumlabel FROM pg_enum JOIN pg_type t ON t.oid = enumtypid"
                " WHERE typname = 'binding' ORDER BY enumsortorder"
            )
        )
        return list(rows.scalars())


async def test_an_added_value_is_generated_without_a_rewrite(
    place: Place, migrator: Migrator, scratch: Database
) -> None:
    """ALTER TYPE ... ADD VALUE, in its place; and models and database agree afterwards."""
    place.write_models(books("hard", "soft"))
    await migrator.new("books")
    await migrator.upgrade()
    place.write_models(books("hard", "cloth", "soft"))
    file = await migrator.new("cloth")
    assert "ADD VALUE 'cloth' BEFORE 'soft'" in file.read_text()
    await migrator.upgrade()
    assert await labels(scratch) == ["hard", "cloth", "soft"]
    await migrator.check()


async def test_a_removed_value_and_a_dropped_type_are_generated_too(
    place: Place, migrator: Migrator, scratch: Database
) -> None:
    """And the way back makes them again."""
    place.write_models(books("hard", "soft"))
    await migrator.new("books")
    await migrator.upgrade()
    place.write_models(books("hard"))
    await migrator.new("only hard")
    await migrator.upgrade()
    assert await labels(scratch) == ["hard"]
    place.write_models("")
    await migrator.new("no books")
    await migrator.upgrade()
    assert await labels(scratch) == []
    await migrator.downgrade("-2")
    assert await labels(scratch) == ["hard", "soft"]
