"""Finding what holds back cleanup, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from fastgres.db import Database
from fastgres.embedded import acquire
from fastgres.errors import FastgresError
from fastgres.settings import Settings, load_settings
from fastgres.tables import Holdup, find_holdups, warn_of_holdups

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

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
        await idle.execute(text("SAVEPOINT without_snapshot"))
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


@pytest.fixture
async def talkative(tmp_path: Path) -> AsyncIterator[Database]:
    """A server of its own with prepared transactions and logical slots; both need a restart."""
    settings = load_settings(Settings, environment="test")
    for _ in ("to set", "to have set"):
        with acquire(tmp_path / "server", durable=False) as cluster:
            database = Database(cluster.url(), settings)
            async with database.engine.connect() as connection:
                unbuffered = await connection.execution_options(isolation_level="AUTOCOMMIT")
                await unbuffered.execute(text("ALTER SYSTEM SET max_prepared_transactions = 1"))
                await unbuffered.execute(text("ALTER SYSTEM SET wal_level = logical"))
                if await unbuffered.scalar(text("SHOW wal_level")) == "logical":
                    yield database
            await database.close()


async def test_what_outlives_its_connection_is_found(talkative: Database) -> None:
    """A prepared transaction whose coordinator is gone, and a slot that nobody reads."""
    async with talkative.engine.connect() as connection:
        await connection.execute(text("SELECT pg_current_xact_id()"))
        await connection.execute(text("PREPARE TRANSACTION 'forgotten payment'"))
    async with talkative.engine.connect() as connection:
        unbuffered = await connection.execution_options(isolation_level="AUTOCOMMIT")
        make = "SELECT pg_create_logical_replication_slot('forgotten_reader', 'test_decoding')"
        with pytest.raises(FastgresError):  # it would wait for the prepared one
            await unbuffered.execute(text(make))
        found = {one.kind: one for one in await find_holdups(talkative.engine, seconds=0)}
        assert found["prepared transaction"].name == "forgotten payment of fastgres"
        assert "ROLLBACK PREPARED" in str(found["prepared transaction"])

        await unbuffered.execute(text("ROLLBACK PREPARED 'forgotten payment'"))
        await unbuffered.execute(text(make))
        [slot] = await find_holdups(talkative.engine, seconds=0)
        assert (slot.kind, slot.name) == ("replication slot", "forgotten_reader")
        assert "pg_drop_replication_slot" in str(slot)
