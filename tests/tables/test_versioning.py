"""Installing and undoing the tables of fastgres."""

from __future__ import annotations

import asyncio
import hashlib
import re
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DBAPIError

from fastgres.errors import ConfigurationError
from fastgres.tables import LATEST, downgrade, installed, upgrade
from fastgres.tables.versioning import definition

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import TextClause

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


async def test_of_two_who_install_at_once_the_second_waits(scratch: Database) -> None:
    """Two replicas whose migrations run by `alembic` itself, which takes no turns."""
    async with scratch.engine.connect() as first:
        await first.run_sync(upgrade, LATEST)
        second = asyncio.create_task(move(scratch, upgrade, LATEST))
        waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        while not await first.scalar(waiting):
            assert not second.done()
            await asyncio.sleep(0.01)
        await first.commit()
    await second
    assert await installed(scratch.engine) == LATEST


@pytest.mark.parametrize("table", ["jobs", "idempotency"])
async def test_tables_that_churn_are_vacuumed_by_number_of_dead_rows(
    scratch: Database, table: str
) -> None:
    """A fifth of a table, the default, is nothing of an empty queue and too much of a full one."""
    await move(scratch, upgrade, LATEST)
    async with scratch.engine.connect() as connection:
        options = await connection.scalar(
            text("SELECT reloptions FROM pg_class WHERE oid = to_regclass('fastgres.' || :table)"),
            {"table": table},
        )
    assert {
        "autovacuum_vacuum_scale_factor=0",
        "autovacuum_vacuum_threshold=1000",
        "autovacuum_vacuum_cost_delay=0",
    } <= set(options)


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


CATALOG = """
SELECT c.relname, c.relkind::text, c.reloptions::text, c.relpersistence::text,
    (SELECT t.reloptions::text FROM pg_class t WHERE t.oid = c.reltoastrelid),
    CASE WHEN c.relkind = 'i' THEN pg_get_indexdef(c.oid) END,
    (SELECT string_agg(concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod),
        a.attnotnull, a.attidentity, a.attstorage, pg_get_expr(d.adbin, d.adrelid)), ', '
        ORDER BY a.attname)
     FROM pg_attribute a LEFT JOIN pg_attrdef d ON (d.adrelid, d.adnum) = (a.attrelid, a.attnum)
     WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
    (SELECT string_agg(k.conname || ' ' || pg_get_constraintdef(k.oid), ', ' ORDER BY k.conname)
     FROM pg_constraint k WHERE k.conrelid = c.oid)
FROM pg_class c WHERE c.relnamespace = 'fastgres'::regnamespace ORDER BY c.relname
""".replace("::", r"\:\:")
"""Everything that a step can make, the order of columns aside."""


async def catalog(database: Database) -> list[tuple[object, ...]]:
    """Return what is in the schema, as PostgreSQL describes it."""
    async with database.engine.connect() as connection:
        return [tuple(row) for row in await connection.execute(text(CATALOG))]


async def move(database: Database, step: Callable[..., None], version: int) -> None:
    """Go to a version in a transaction of its own."""
    async with database.engine.begin() as connection:
        await connection.run_sync(step, version)


async def test_a_fresh_install_equals_all_upgrades(scratch: Database) -> None:
    """And equals what was undone step by step and made again."""
    await move(scratch, upgrade, LATEST)
    fresh = await catalog(scratch)

    for version in reversed(range(LATEST)):
        await move(scratch, downgrade, version)
        assert await installed(scratch.engine) == version
    for version in range(1, LATEST + 1):
        await move(scratch, upgrade, version)
        assert await installed(scratch.engine) == version

    assert await catalog(scratch) == fresh
    assert {"jobs", "dead_jobs", "idempotency", "version"} <= {row[0] for row in fresh}


async def test_what_others_put_into_the_schema_stops_its_removal(scratch: Database) -> None:
    """It is not ours to drop; nothing of the undoing stays then."""
    await move(scratch, upgrade, LATEST)
    async with scratch.engine.begin() as connection:
        await connection.execute(text("CREATE TABLE fastgres.of_somebody (id int)"))
    with pytest.raises(DBAPIError, match="other objects depend on it"):
        await move(scratch, downgrade, 0)
    assert await installed(scratch.engine) == LATEST


def test_steps_can_be_printed() -> None:
    """`alembic upgrade --sql` runs no statement, and cannot ask what is installed."""
    printed: list[str] = []

    class Printer:
        def execute(self, statement: TextClause, /) -> None:
            printed.append(str(statement.compile(dialect=postgresql.dialect())))  # type: ignore[no-untyped-call]  # untyped in SQLAlchemy

    upgrade(Printer(), LATEST)
    assert "CREATE SCHEMA fastgres" in printed[0]
    assert "CREATE TABLE fastgres.jobs" in printed[1]


RELEASED: dict[int, str] = {}
"""The digest of each step of a published release; a step is added here when it is published."""

BREAKS = re.compile(
    r"\b(RENAME|TRUNCATE|DELETE\s+FROM|SET\s+NOT\s+NULL|(SET\s+DATA\s+)?TYPE\s"
    r"|ADD\s+COLUMN\s+(?!.*\bDEFAULT\b).*\bNOT\s+NULL|DROP\b)",
    re.IGNORECASE,
)
UNUSED = re.compile(r"^--.*\bunused since version (\d+)", re.MULTILINE)


def broken_by(step: str, version: int) -> list[str]:
    """Return the statements of a step that the release before it does not survive."""
    broken = []
    for statement in step.split(";"):
        unused = UNUSED.search(statement)
        code = re.sub(r"--.*", "", statement)
        if BREAKS.search(code) and not (unused and int(unused[1]) < version):
            broken.append(" ".join(code.split()))
    return broken


def test_steps_are_safe_while_the_release_before_runs() -> None:
    """The first step has none before it."""
    assert {
        version: broken
        for version in range(2, LATEST + 1)
        if (broken := broken_by(definition(version, "up"), version))
    } == {}


@pytest.mark.parametrize(
    "step",
    [
        "ALTER TABLE fastgres.jobs DROP COLUMN progress;",
        "DROP INDEX fastgres.ix_jobs_ready;",
        "ALTER TABLE fastgres.jobs RENAME COLUMN name TO kind;",
        "ALTER TABLE fastgres.jobs ALTER COLUMN priority TYPE integer;",
        "ALTER TABLE fastgres.jobs ALTER COLUMN worker SET NOT NULL;",
        "ALTER TABLE fastgres.jobs ADD COLUMN tenant text NOT NULL;",
        "DELETE FROM fastgres.jobs;",
        "-- unused since version 3\nALTER TABLE fastgres.jobs DROP COLUMN progress;",
    ],
)
def test_what_breaks_the_release_before_is_seen(step: str) -> None:
    """Each of these has taken down somebody's workers in the middle of a roll-out."""
    statement = step.splitlines()[-1].removesuffix(";")
    assert broken_by(step, version=3) == [statement]


@pytest.mark.parametrize(
    "step",
    [
        "ALTER TABLE fastgres.jobs ADD COLUMN tenant text;",
        "ALTER TABLE fastgres.jobs ADD COLUMN tries smallint NOT NULL DEFAULT 0;",
        "CREATE INDEX ix_jobs_tenant ON fastgres.jobs (tenant);",
        "-- unused since version 2\nALTER TABLE fastgres.jobs DROP COLUMN progress;",
    ],
)
def test_additions_and_what_nobody_uses_any_more_are_allowed(step: str) -> None:
    """A column goes two versions after the one that stopped to use it."""
    assert broken_by(step, version=3) == []


def test_published_steps_are_never_edited() -> None:
    """Who has run one would never get the edit."""
    now = {
        version: hashlib.sha256(definition(version, "up").encode()).hexdigest()
        for version in RELEASED
    }
    assert now == RELEASED
