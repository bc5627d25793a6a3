"""Being woken by what was enqueued."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from fastgres.jobs.listener import Listener
from tests.jobs.workshop import change, enqueue, leave_note, value

if TYPE_CHECKING:
    from fastgres.db import Database

pytestmark = pytest.mark.clone

LISTENING = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND query LIKE 'LISTEN%'"
)


async def test_commit_of_a_job_wakes(database: Database) -> None:
    woken = asyncio.Event()
    listening = asyncio.create_task(Listener(database, ["default"], woken.set).run())
    async with asyncio.timeout(10):
        await woken.wait()
        woken.clear()
        await enqueue(database, leave_note)
        await woken.wait()
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)


async def test_lost_connection_is_replaced_and_what_was_missed_looked_for(
    database: Database,
) -> None:
    woken = asyncio.Event()
    listening = asyncio.create_task(Listener(database, ["default"], woken.set).run())
    async with asyncio.timeout(15):
        await woken.wait()
        woken.clear()
        await change(
            database,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        await woken.wait()
    assert await value(database, LISTENING) == 1
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
