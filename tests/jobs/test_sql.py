"""The plans of the statements that run all the time, on a large queue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

import asyncpg
import pytest
from pytest_asyncio import fixture as async_fixture

from fastgres.db import dsn
from fastgres.jobs import sql

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.clone

FILL = """\
INSERT INTO fastgres.jobs (queue, name, priority, run_at)
SELECT 'default', 'fill', i % 3, now() + CASE WHEN i % 2 = 0 THEN interval '1 day' * (i % 30 + 1)
                                              ELSE interval '-1 second' * (i % 1000) END
FROM generate_series(1, 200000) AS i"""
EXPLAIN = "EXPLAIN (ANALYZE, BUFFERS, FORMAT TEXT) "


@async_fixture
async def full(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection to a queue with 100,000 due jobs and as many scheduled ones."""
    connection = await asyncpg.connect(dsn(database_url))
    await connection.execute(FILL)
    await connection.execute("ANALYZE fastgres.jobs")
    yield connection
    await connection.close()


async def plan(connection: asyncpg.Connection, statement: str, *arguments: Any) -> str:
    """Return the plan of a statement that was really run."""
    return "\n".join(row[0] for row in await connection.fetch(EXPLAIN + statement, *arguments))


def rows_read(text: str) -> int:
    """Return how many buffers the statement touched, its root's count."""
    line = next(line for line in text.splitlines() if "Buffers:" in line)
    return sum(
        int(word.split("=")[1]) for word in line.split() if word.startswith(("hit=", "read="))
    )


async def test_claim_walks_the_index_in_its_order(full: asyncpg.Connection) -> None:
    text = await plan(full, sql.CLAIM, ["default"], uuid4(), 30.0, 10)
    assert "ix_jobs_ready" in text
    assert "Seq Scan" not in text
    assert "Sort" not in text
    assert rows_read(text) < 1_000


async def test_claim_in_lanes_passes_over_no_scheduled_job(full: asyncpg.Connection) -> None:
    epoch = await full.fetchval("SELECT 'epoch'::timestamptz")
    lanes = (["default"] * 3, [0, 1, 2], [epoch] * 3)
    text = await plan(full, sql.CLAIM_LANES, lanes[0], uuid4(), 30.0, 10, lanes[1], lanes[2])
    assert "ix_jobs_ready" in text
    assert "Seq Scan" not in text
    assert "Sort" not in text
    assert rows_read(text) < 500


async def test_claim_takes_no_more_than_asked(full: asyncpg.Connection) -> None:
    assert len(await full.fetch(sql.CLAIM, ["default"], uuid4(), 30.0, 7)) == 7
    assert await full.fetchval("SELECT count(*) FROM fastgres.jobs WHERE state = 'running'") == 7


@pytest.mark.parametrize("statement", ["acknowledge", "put_back", "bury"])
async def test_end_of_an_attempt_finds_its_row_by_key(
    full: asyncpg.Connection, statement: str
) -> None:
    worker = uuid4()
    claimed = await full.fetch(sql.CLAIM, ["default"], worker, 30.0, 10)
    ids, attempts = [row["id"] for row in claimed], [row["attempt"] for row in claimed]
    more: dict[str, tuple[Any, ...]] = {
        "acknowledge": (sql.ACKNOWLEDGE, [None] * 10, [0.0] * 10),
        "put_back": (sql.PUT_BACK, [0] * 10, [1.0] * 10, [None] * 10),
        "bury": (sql.BURY, ["r"] * 10, ["e"] * 10),
    }
    text, *columns = more[statement]
    found = await plan(full, text, worker, ids, attempts, *columns)
    assert "Seq Scan on jobs" not in found


async def test_renewal_and_rescue_look_at_their_jobs_only(full: asyncpg.Connection) -> None:
    worker = uuid4()
    await full.fetch(sql.CLAIM, ["default"], worker, 30.0, 10)
    text = await plan(full, sql.RESCUE)
    assert "ix_jobs_running" in text
    text = await plan(full, sql.RENEW, worker, 30.0, [1], [1], "host", 1, ["default"], 10)
    assert "Seq Scan on jobs" not in text
