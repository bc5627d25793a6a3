"""What is pruned, what stays, and that nobody waits for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from fastgres.tables import prune, sql

if TYPE_CHECKING:
    from fastgres.db import Database

pytestmark = pytest.mark.clone

KEYS = """
INSERT INTO fastgres.idempotency (caller, key, fingerprint, state, expires_at, locked_until)
SELECT 'ada', 'key ' || n, '', 'finished', now() + make_interval(secs => :expires),
    now() + make_interval(secs => :locked)
FROM generate_series(1, :number) AS n
"""


async def run(database: Database, statement: str, **values: object) -> None:
    """Commit one statement."""
    async with database.engine.begin() as connection:
        await connection.execute(text(statement), values)


async def count(database: Database, table: str) -> int:
    """Return how many rows are left."""
    async with database.engine.connect() as connection:
        rows: int = (
            await connection.execute(text(f"SELECT count(*) FROM fastgres.{table}"))
        ).scalar_one()
        return rows


async def test_expired_keys_go_in_batches(database: Database) -> None:
    """More than a batch, and a last batch that is not full."""
    await run(database, KEYS, number=25, expires=-1, locked=None)
    assert (await prune(database.engine, size=10))["idempotency"] == 25
    assert await count(database, "idempotency") == 0


async def test_a_run_has_a_bound(database: Database) -> None:
    """A table that was never pruned does not keep a worker for an hour."""
    await run(database, KEYS, number=25, expires=-1, locked=None)
    assert (await prune(database.engine, size=10, batches=2))["idempotency"] == 20
    assert await count(database, "idempotency") == 5


async def test_keys_that_live_or_work_stay(database: Database) -> None:
    """An expired key whose request still runs is not free for a second effect."""
    await run(database, KEYS, number=1, expires=3600, locked=None)
    await run(database, KEYS.replace("'ada'", "'eve'"), number=1, expires=-1, locked=60)
    await prune(database.engine)
    assert await count(database, "idempotency") == 2


async def test_rows_in_use_are_left_and_not_waited_for(database: Database) -> None:
    """A lock timeout would end the batch of all others with it."""
    await run(database, KEYS, number=3, expires=-1, locked=None)
    async with database.engine.begin() as user:
        await user.execute(
            text("SELECT 1 FROM fastgres.idempotency WHERE key = 'key 2' FOR UPDATE")
        )
        assert (await prune(database.engine))["idempotency"] == 2
    assert (await prune(database.engine))["idempotency"] == 1


async def test_one_prunes_at_a_time(database: Database) -> None:
    """Ten workers whose minute is over at once do the work of one."""
    await run(database, KEYS, number=3, expires=-1, locked=None)
    async with database.engine.begin() as other:
        await other.execute(
            text("SELECT pg_advisory_xact_lock(hashtextextended('fastgres prune', 0))")
        )
        assert set((await prune(database.engine)).values()) == {0}
    assert (await prune(database.engine))["idempotency"] == 3


async def test_results_and_inbox_expire(database: Database) -> None:
    """Results when they say; the inbox when no broker delivers that late."""
    await run(
        database,
        "INSERT INTO fastgres.job_results (id, name, expires_at)"
        " VALUES (1, 'a', now() - interval '1 s'), (2, 'a', now() + interval '1 h')",
    )
    await run(
        database,
        "INSERT INTO fastgres.job_inbox (job_id, consumer, done_at)"
        " VALUES (1, 'celery', now() - interval '8 days'), (2, 'celery', now())",
    )
    pruned = await prune(database.engine)
    assert (pruned["job_results"], pruned["job_inbox"]) == (1, 1)


async def test_the_newest_tick_of_a_schedule_stays(database: Database) -> None:
    """Without it a yearly schedule would not know that it ran."""
    await run(
        database,
        "INSERT INTO fastgres.cron_ticks (name, tick) VALUES"
        " ('yearly', now() - interval '300 days'), ('hourly', now() - interval '8 days'),"
        " ('hourly', now() - interval '9 days'), ('hourly', now() - interval '1 h')",
    )
    assert (await prune(database.engine))["cron_ticks"] == 2


async def test_dead_workers_go_and_dead_jobs_stay(database: Database) -> None:
    """Who looks into a dead letter decides about it."""
    await run(
        database,
        "INSERT INTO fastgres.workers (id, host, pid, queues, concurrency, seen_at) VALUES"
        " (gen_random_uuid(), 'a', 1, '{default}', 1, now() - interval '2 days'),"
        " (gen_random_uuid(), 'b', 1, '{default}', 1, now() - interval '1 minute')",
    )
    await run(
        database,
        "WITH job AS (INSERT INTO fastgres.jobs (name) VALUES ('a') RETURNING *)"
        " INSERT INTO fastgres.dead_jobs"
        " SELECT job.*, now() - interval '400 days', 'failed' FROM job",
    )
    assert (await prune(database.engine))["workers"] == 1
    assert await count(database, "workers") == 1
    assert await count(database, "dead_jobs") == 1


async def test_a_batch_reads_no_more_than_itself(database: Database) -> None:
    """A run every minute over a million keys that live on would be a scan every minute."""
    await run(database, KEYS, number=20_000, expires=3600, locked=None)
    await run(database, KEYS.replace("'ada'", "'eve'"), number=1_000, expires=-1, locked=None)
    async with database.engine.connect() as connection:
        plan = await connection.execute(
            text(f"EXPLAIN {sql.PRUNED['idempotency'].text}"), {"size": 500}
        )
        lines = "\n".join(plan.scalars())
    assert "Seq Scan" not in lines, lines
    assert "ix_idempotency_expires_at" in lines
