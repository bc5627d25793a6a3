"""What `env.py` configures, for our migrator and for Alembic's own command."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import TYPE_CHECKING

from sqlalchemy import text

if TYPE_CHECKING:
    from fastgres.db import Database
    from fastgres.migrations import Migrator
    from tests.migrations.conftest import Place

THINGS = 'op.create_table("things", sa.Column("id", sa.BigInteger, primary_key=True))'
ALEMBIC = '[tool.alembic]\nscript_location = "migrations"\npath_separator = "os"\n'


async def alembic(place: Place, *arguments: str, **variables: str) -> tuple[int | None, str]:
    """Run Alembic's own command in the project; return its exit code and what it printed."""
    table = f'[tool.fastgres]\napp = "x:x"\nmetadata = "{place.module}:metadata"\n'
    (place.root / "pyproject.toml").write_text(table + ALEMBIC)
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "alembic", *arguments),
        cwd=place.root,
        env=environment | {"PYTHONPATH": str(place.root)} | variables,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return process.returncode, output.decode()


async def test_each_revision_is_a_transaction_of_its_own(
    place: Place, migrator: Migrator, scratch: Database
) -> None:
    """The locks of the first are not held while the second runs."""
    note = 'op.execute("INSERT INTO notes VALUES (pg_current_xact_id()::text)")'
    place.write_revision("a1", None, 'op.create_table("notes", sa.Column("id", sa.Text))\n' + note)
    place.write_revision("a2", "a1", note)
    await migrator.upgrade()
    async with scratch.engine.connect() as connection:
        counted = await connection.execute(text("SELECT count(DISTINCT id) FROM notes"))
        assert counted.scalar_one() == 2


async def test_statements_may_run_long_but_not_wait_long_for_locks(
    place: Place, migrator: Migrator, scratch: Database
) -> None:
    """The timeouts of requests do not suit migrations, except the one on locks."""
    place.write_revision(
        "a1",
        None,
        """
        op.execute("CREATE TABLE limits AS SELECT * FROM pg_settings WHERE name LIKE '%timeout'")
        """,
    )
    await migrator.upgrade()
    async with scratch.engine.connect() as connection:
        rows = await connection.execute(text("SELECT name, setting FROM limits"))
        limits = {row.name: row.setting for row in rows}
    assert limits["lock_timeout"] == "2000"
    assert limits["statement_timeout"] == "0"
    assert limits["idle_in_transaction_session_timeout"] == "0"
    assert limits.get("transaction_timeout", "0") == "0"


async def test_alembic_itself_runs_on_database_url(
    place: Place, empty_database: str, migrator: Migrator
) -> None:
    """Whoever is used to it needs no ini file either."""
    place.write_revision("a1", None, THINGS)
    code, output = await alembic(place, "upgrade", "head", DATABASE_URL=empty_database)
    assert code == 0, output
    assert await migrator.at_head()


async def test_alembic_itself_without_a_database_says_what_to_use(place: Place) -> None:
    """It cannot start the embedded server."""
    place.write_revision("a1", None, THINGS)
    code, output = await alembic(place, "upgrade", "head")
    assert code != 0
    assert "Use `fastgres db ...`" in output


async def test_alembic_itself_prints_sql_without_a_database(place: Place) -> None:
    """For those whose database only takes scripts."""
    place.write_revision("a1", None, THINGS)
    code, output = await alembic(place, "upgrade", "head", "--sql")
    assert code == 0, output
    assert "CREATE TABLE things" in output
