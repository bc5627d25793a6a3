"""The upkeep that runs beside workers and services."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import pytest
import structlog
from sqlalchemy import text
from structlog.testing import capture_logs

from fastgres.db import Database
from fastgres.settings import Settings, load_settings
from fastgres.tables import keep_tables, tables_kept

if TYPE_CHECKING:
    from collections.abc import Iterator, MutableSequence
    from pathlib import Path

    from structlog.typing import EventDict

PATIENCE = 30.0


@pytest.fixture
def told_all() -> Iterator[None]:
    """Let through what is told at debug, whatever application has set before."""
    before = structlog.get_config()["wrapper_class"]
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG))
    yield
    structlog.configure(wrapper_class=before)


async def two_failures(logs: MutableSequence[EventDict]) -> None:
    """Return when a round has failed, and another after it."""
    while sum(line["event"] == "tables not looked after" for line in logs) < 2:  # noqa: ASYNC110 - a log tells nobody
        await asyncio.sleep(0.01)


@pytest.mark.clone
async def test_what_expires_is_pruned_meanwhile(database: Database) -> None:
    """Again and again, not only at the start; and no longer than the block."""

    async def gone() -> bool:
        async with database.engine.connect() as connection:
            rows = await connection.scalar(text("SELECT count(*) FROM fastgres.job_results"))
            return not rows

    expired = text("INSERT INTO fastgres.job_results (id, name, expires_at) VALUES (1, 'a', now())")
    async with asyncio.timeout(PATIENCE), tables_kept(database.engine, every=0.01):
        for _ in range(2):
            async with database.engine.begin() as connection:
                await connection.execute(expired)
            while not await gone():  # noqa: ASYNC110 - the event is in the database
                await asyncio.sleep(0.01)
    assert asyncio.all_tasks() == {asyncio.current_task()}


@pytest.mark.usefixtures("told_all")
async def test_a_failed_round_is_no_end(tmp_path: Path) -> None:
    """The database is away for a while, or a right is missing until somebody grants it."""
    settings = load_settings(Settings, environment="test")
    away = Database(f"postgresql://x@/x?host={tmp_path}", settings)
    with capture_logs() as logs:
        upkeep = asyncio.create_task(keep_tables(away.engine, every=0.01))
        async with asyncio.timeout(PATIENCE):
            await two_failures(logs)
    assert not upkeep.done()
    upkeep.cancel()


async def test_missing_tables_are_no_end_either(scratch: Database) -> None:
    """Somebody has undone the revision under a running worker."""
    with capture_logs() as logs:
        async with asyncio.timeout(PATIENCE), tables_kept(scratch.engine, every=0.01):
            await two_failures(logs)
