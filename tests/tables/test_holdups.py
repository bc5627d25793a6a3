"""Finding what holds back cleanup, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from fastgres.tables import Holdup, find_holdups, warn_of_holdups

if TYPE_CHECKING:
    from fastgres.db import Database

pytestmark = pytest.mark.clone

SNAPSHOT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"


async def test_an_idle_transaction_with_a_snapshot_is_found(database: Database) -> None:
    """The usual one: a shell left open over lunch."""
    async with database.engine.connect() as idle:
        await idle.execute(text(SNAPSHOT))
        await idle.execute(text("SELECT 1"))
        process = await idle.scalar(text("SELECT pg_backend_pid()"))

        [holdup] = await find_holdups(database.engine, seconds=0)

        assert holdup.kind == "idle in transaction"
        assert f"process {process} of" in holdup.name
        assert holdup.seconds is not None
        assert "pg_terminate_backend" in str(holdup)
    assert await find_holdups(database.engine, seconds=0) == []


async def test_an_idle_transaction_that_has_written_is_found(database: Database) -> None:
    """It has no snapshot between its statements, but an id that keeps rows from being dead."""
    async with database.engine.connect() as idle:
        await idle.execute(text("SELECT pg_current_xact_id()"))
        assert [one.kind for one in await find_holdups(database.engine, seconds=0)] == [
            "idle in transaction"
        ]


async def test_short_transactions_are_none(database: Database) -> None:
    """Every service has some at every moment."""
    async with database.engine.connect() as idle:
        await idle.execute(text(SNAPSHOT))
        await idle.execute(text("SELECT 1"))
        assert await find_holdups(database.engine) == []


async def test_an_idle_transaction_that_holds_nothing_is_none(database: Database) -> None:
    """`fastgres db upgrade` has one while it takes its turn."""
    async with database.engine.connect() as idle:
        await idle.execute(text("SELECT 1"))
        await idle.execute(text("SAVEPOINT without_snapshot"))
        assert await find_holdups(database.engine, seconds=0) == []


async def test_each_is_logged_with_its_remedy(database: Database) -> None:
    """As a warning, since nothing is broken yet."""
    async with database.engine.connect() as idle:
        await idle.execute(text("SELECT pg_current_xact_id()"))
        with capture_logs() as logs:
            await warn_of_holdups(database.engine, seconds=0)
    [line] = [line for line in logs if line["event"] == "cleanup held back"]
    assert line["log_level"] == "warning"
    assert line["kind"] == "idle in transaction"
    assert "pg_terminate_backend" in line["remedy"]


def test_what_has_no_time_is_said_without() -> None:
    """Standbys, and slots before PostgreSQL 17."""
    said = str(Holdup("standby", "replica1", None, 200_000))
    assert said.startswith("standby (replica1) holds back")
    assert "200000 transactions" in said
