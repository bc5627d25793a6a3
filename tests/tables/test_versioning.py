"""Installing and undoing the tables of fastgres."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from fastgres.errors import ConfigurationError
from fastgres.tables import LATEST, downgrade, installed, upgrade

if TYPE_CHECKING:
    from fastgres.db import Database


async def test_upgrade_installs_and_downgrade_leaves_nothing(scratch: Database) -> None:
    """Nor a schema, so that a service can do without fastgres again."""
    async with scratch.engine.begin() as connection:
        await connection.run_sync(upgrade, LATEST)
    assert await installed(scratch.engine) == LATEST

    async with scratch.engine.begin() as connection:
        await connection.run_sync(downgrade, 0)
        gone = await connection.scalar(text("SELECT to_regnamespace('fastgres') IS NULL"))
    assert gone
    assert await installed(scratch.engine) == 0


async def test_upgrade_twice_does_nothing(scratch: Database) -> None:
    """As when a table made by hand is followed by the revision."""
    async with scratch.engine.begin() as connection:
        await connection.run_sync(upgrade, LATEST)
        await connection.run_sync(upgrade, LATEST)
    assert await installed(scratch.engine) == LATEST


async def test_unknown_version_is_refused(scratch: Database) -> None:
    """A revision written with a newer release would leave tables out in silence."""
    async with scratch.engine.begin() as connection:
        with pytest.raises(ConfigurationError, match=f"newest is {LATEST}"):
            await connection.run_sync(upgrade, LATEST + 1)


async def test_a_role_that_would_make_its_tables_in_our_schema_is_stopped(
    scratch: Database,
) -> None:
    """The superuser of an embedded server has the name of the schema, and so may others."""
    async with scratch.engine.connect() as connection:
        await connection.execute(text('SET LOCAL search_path = "$user", public'))
        with pytest.raises(DBAPIError, match="ALTER ROLE fastgres SET search_path = public"):
            await connection.run_sync(upgrade, LATEST)


async def test_tables_of_the_project_are_made_elsewhere(scratch: Database) -> None:
    """On the embedded server, whose superuser has the name of the schema."""
    async with scratch.engine.begin() as connection:
        await connection.run_sync(upgrade, LATEST)
        assert await connection.scalar(text("SELECT current_schema()")) == "public"
