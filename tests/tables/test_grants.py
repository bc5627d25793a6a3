"""A role that owns nothing, at work."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from fastgres.tables import LATEST, grant, upgrade

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy.ext.asyncio import AsyncConnection

    from fastgres.db import Database

ROLE = 'shop:app "of" tests'
"""A name that has to be quoted; roles belong to the server, so it ends with the transaction."""


@pytest.fixture
async def visitor(scratch: Database) -> AsyncIterator[AsyncConnection]:
    """A connection that acts as the role, in a transaction that is rolled back."""
    async with scratch.engine.connect() as connection:
        quoted = '"' + ROLE.replace('"', '""').replace(":", r"\:") + '"'
        await connection.execute(text(f"CREATE ROLE {quoted}"))
        await connection.run_sync(upgrade, LATEST)
        await connection.run_sync(grant, ROLE)
        await connection.execute(text("CREATE TABLE fastgres.of_a_later_version (id int)"))
        await connection.execute(text(f"SET LOCAL ROLE {quoted}"))
        yield connection


async def test_the_role_reads_and_writes(visitor: AsyncConnection) -> None:
    """The identity of a job needs no right of its own."""
    await visitor.execute(text("INSERT INTO fastgres.jobs (name) VALUES ('a')"))
    await visitor.execute(text("UPDATE fastgres.jobs SET name = 'b'"))
    await visitor.execute(text("DELETE FROM fastgres.jobs"))
    assert await visitor.scalar(text("SELECT max(version) FROM fastgres.version")) == LATEST


async def test_tables_of_later_versions_are_included(visitor: AsyncConnection) -> None:
    """Nobody remembers to grant again."""
    await visitor.execute(text("INSERT INTO fastgres.of_a_later_version VALUES (1)"))


@pytest.mark.parametrize(
    "statement",
    ["DELETE FROM fastgres.version", "DROP TABLE fastgres.jobs", "TRUNCATE fastgres.jobs"],
)
async def test_the_role_cannot_change_what_is_installed(
    visitor: AsyncConnection, statement: str
) -> None:
    """That is for the role that migrates."""
    with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"):
        await visitor.execute(text(statement))
