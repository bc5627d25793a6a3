"""A database: its sessions, its pool, its end."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, text

from fastgres.db import Database
from fastgres.embedded import acquire
from fastgres.errors import ServerUnavailableError, UnavailableError
from tests.relay import Relay

if TYPE_CHECKING:
    from pathlib import Path

    from fastgres.settings import Settings

pytestmark = pytest.mark.clone


async def test_opens_no_connection_before_the_first_statement(
    database_url: str, settings: Settings
) -> None:
    database = Database(database_url, settings)
    assert database.pool_status().open == 0
    await database.ping()
    assert database.pool_status().open == 1
    await database.close()


async def test_holds_no_more_connections_than_its_pool_may(
    database_url: str, settings: Settings
) -> None:
    database = Database(database_url, settings.model_copy(update={"database_pool_size": 2}))
    together = asyncio.Barrier(2)

    async def one() -> None:
        async with database.session() as session:
            await session.scalar(select(1))
            await together.wait()

    await asyncio.gather(*(one() for _ in range(6)))
    status = database.pool_status()
    assert (status.limit, status.open, status.lent) == (2, 2, 0)
    await database.close()


async def test_its_ping_is_503_when_the_server_went_silent(
    database_url: str, settings: Settings
) -> None:
    hurried = settings.model_copy(update={"database_connect_timeout": 0.3})
    async with Relay(database_url) as relay:
        database = Database(relay.url, hurried)
        await database.ping()
        relay.freeze()
        with pytest.raises(ServerUnavailableError):
            await database.ping()
        relay.thaw()
        await database.close()


async def test_its_ping_does_not_wait_for_a_busy_pool(
    database_url: str, settings: Settings
) -> None:
    database = Database(database_url, settings.model_copy(update={"database_pool_size": 1}))
    async with database.session() as session:
        await session.scalar(select(1))
        await database.ping()
    await database.close()


async def test_recovers_by_itself_when_the_server_is_back(
    database_url: str, settings: Settings
) -> None:
    async with Relay(database_url) as relay:
        database = Database(relay.url, settings)
        await database.ping()
        relay.cut()
        await asyncio.sleep(0)  # the relay resets in the next turn of the loop
        await database.ping()
        assert database.pool_status().lent == 0
        await database.close()


async def test_survives_a_killed_server_with_503_in_between(
    tmp_path: Path, settings: Settings
) -> None:
    """The keeper of the embedded server brings it back; the pool must notice by itself."""
    cluster = await asyncio.to_thread(acquire, tmp_path / "postgres", durable=False)
    database = Database(cluster.url(), settings)
    outcomes: list[object] = []

    async def work() -> None:
        while outcomes[-2:] != [503, 200]:
            try:
                await database.ping()
                outcome = 200
            except UnavailableError as error:
                outcome = error.status
            if outcomes[-1:] != [outcome]:
                outcomes.append(outcome)

    try:
        postmaster = await postmaster_of(database)
        async with asyncio.timeout(60):
            os.kill(postmaster, signal.SIGKILL)
            await work()
        assert database.pool_status().lent == 0
    finally:
        await database.close()
        await asyncio.to_thread(cluster.release)


async def test_closes_within_its_deadline_although_the_server_hangs(
    database_url: str, settings: Settings
) -> None:
    """MagicStack/asyncpg#1326: a polite goodbye to a frozen server never returns."""
    async with Relay(database_url) as relay:
        database = Database(relay.url, settings)
        await database.ping()
        relay.freeze()
        async with asyncio.timeout(30):
            await database.close(deadline=0.2)


async def test_leaves_no_connection_open_on_the_server(
    database: Database, database_url: str, settings: Settings
) -> None:
    other = Database(database_url, settings)
    await other.ping()
    await other.close()
    async with database.session() as session:
        async with asyncio.timeout(10):
            while await session.scalar(text(_OTHERS)):
                await session.rollback()


async def postmaster_of(database: Database) -> int:
    async with database.session() as session:
        return int((await session.scalars(text(_POSTMASTER))).one().split()[0])


_POSTMASTER = "SELECT pg_read_file('postmaster.pid')"


_OTHERS = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    " AND backend_type = 'client backend'"
)
