"""What a start says of a database without the tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from fastgres.db import Database
from fastgres.errors import MigrationError
from fastgres.settings import Settings, load_settings
from fastgres.tables import LATEST, require_tables, upgrade

if TYPE_CHECKING:
    from pathlib import Path


async def test_missing_tables_name_both_commands(scratch: Database) -> None:
    """And who needs them: the reader has not heard of these tables before."""
    with pytest.raises(MigrationError) as caught:
        await require_tables(scratch.engine, needed_by="the jobs of this service")
    assert "missing in this database, and the jobs of this service cannot" in str(caught.value)
    assert "`fastgres db tables`" in str(caught.value)
    assert "`fastgres db upgrade`" in str(caught.value)


async def test_older_tables_are_said_to_be_older(scratch: Database) -> None:
    """After a release that changes them."""
    async with scratch.engine.begin() as connection:
        await connection.run_sync(upgrade, LATEST)
    with pytest.raises(
        MigrationError, match=f"at version {LATEST} in this database, and jobs cannot"
    ):
        await require_tables(scratch.engine, needed_by="jobs", version=LATEST + 1)


async def test_newer_tables_are_welcome(scratch: Database) -> None:
    """While a release is rolled out, the previous one runs on the next one's tables."""
    async with scratch.engine.begin() as connection:
        await connection.run_sync(upgrade, LATEST)
        await connection.execute(
            text("INSERT INTO fastgres.version (version) VALUES (:next)"), {"next": LATEST + 1}
        )
    await require_tables(scratch.engine, needed_by="jobs")


async def test_a_database_that_is_away_stops_no_start(tmp_path: Path) -> None:
    """The service answers 503 until it is back."""
    away = Database(
        f"postgresql://x@/x?host={tmp_path}", load_settings(Settings, environment="test")
    )
    with capture_logs() as logs:
        await require_tables(away.engine, needed_by="jobs")
    assert "tables of fastgres not checked" in [line["event"] for line in logs]
