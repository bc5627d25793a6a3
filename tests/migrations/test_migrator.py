"""Bringing a database to head, and what stops it."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from fastgres.errors import DriftError, MigrationError

if TYPE_CHECKING:
    from fastgres.db import Database
    from fastgres.migrations import Migrator
    from tests.migrations.conftest import Place

THINGS = 'op.create_table("things", sa.Column("id", sa.BigInteger, primary_key=True))'
MORE = 'op.add_column("things", sa.Column("name", sa.Text))'


EIGHT_MIGRATE = """
import asyncio, os, sys
from pathlib import Path
from sqlalchemy import MetaData
from fastgres.migrations import Migrator
from fastgres.settings import Project, Settings, load_settings

url, root, module = sys.argv[1:]
sys.path.insert(0, root)
folder = Path(root, "migrations")
project = Project(root=Path(root), app="x:x", metadata=f"{module}:metadata", migrations=folder)
settings = load_settings(Settings, environment="test")
children = []
for _ in range(8):
    child = os.fork()
    if child == 0:
        migrator = Migrator(url, project, MetaData(), settings=settings)
        os.write(1, b"%d\\n" % len(asyncio.run(migrator.upgrade())))
        os._exit(0)
    children.append(child)
sys.exit(any(os.waitpid(child, 0)[1] for child in children))
"""


async def columns(database: Database, table: str) -> list[str]:
    """Return the names of a table's columns; none when there is no table."""
    async with database.engine.connect() as connection:
        rows = await connection.execute(
            text(
                "SELECT column_name FROM information_schema.columns WHERE table_name = :table"
                " ORDER BY ordinal_position"
            ),
            {"table": table},
        )
        return list(rows.scalars())


async def test_upgrade_applies_what_is_pending_and_names_it(
    place: Place, migrator: Migrator, scratch: Database
) -> None:
    """In the order of the revisions, whatever their names."""
    place.write_revision("z1", None, THINGS)
    place.write_revision("a2", "z1", MORE)
    applied = await migrator.upgrade()
    assert [revision.id for revision in applied] == ["z1", "a2"]
    assert [revision.message for revision in applied] == ["make z1", "make a2"]
    assert await columns(scratch, "things") == ["id", "name"]


async def test_upgrade_at_head_takes_no_lock(
    place: Place, migrator: Migrator, scratch: Database
) -> None:
    """A start of a thousand processes on a migrated database does not form a queue."""
    place.write_revision("a1", None, THINGS)
    await migrator.upgrade()
    async with scratch.engine.begin() as holder:
        await holder.execute(
            text("SELECT pg_advisory_xact_lock(hashtextextended('fastgres migrate', 0))")
        )
        assert await asyncio.wait_for(migrator.upgrade(), 10) == ()


async def test_upgrade_waits_for_the_process_that_migrates(
    place: Place, migrator: Migrator, scratch: Database
) -> None:
    """It neither starts beside it nor gives up, and goes on when the other died half-way."""
    place.write_revision("a1", None, THINGS)
    async with scratch.engine.begin() as holder:
        await holder.execute(
            text("SELECT pg_advisory_xact_lock(hashtextextended('fastgres migrate', 0))")
        )
        waiting = asyncio.create_task(migrator.upgrade())
        done, _ = await asyncio.wait({waiting}, timeout=0.5)
        assert not done
        assert await columns(scratch, "things") == []
    assert [revision.id for revision in await waiting] == ["a1"]


async def test_eight_processes_apply_each_revision_once(
    place: Place, empty_database: str, scratch: Database
) -> None:
    """All of them end well, and exactly one has done the work."""
    log = "op.execute(\"INSERT INTO log SELECT '{}', pg_sleep(0.1) IS NULL\")"
    place.write_revision(
        "a1",
        None,
        'op.create_table("log", sa.Column("revision", sa.Text), sa.Column("x", sa.Boolean))\n'
        + log.format("a1"),
    )
    place.write_revision("a2", "a1", log.format("a2"))
    place.write_revision("a3", "a2", log.format("a3"))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", EIGHT_MIGRATE, empty_database, str(place.root), place.module),
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0
    counts = [line for line in output.decode().splitlines() if line.isdigit()]
    assert sorted(counts) == ["0"] * 7 + ["3"]
    async with scratch.engine.connect() as connection:
        rows = await connection.execute(text("SELECT revision FROM log ORDER BY revision"))
        assert list(rows.scalars()) == ["a1", "a2", "a3"]


async def test_indexes_are_built_concurrently_while_others_wait_their_turn(
    place: Place, empty_database: str, scratch: Database
) -> None:
    """Neither the lock of the migrator nor those who wait for it hold a snapshot."""
    place.write_revision("a1", None, THINGS)
    place.write_revision(
        "a2",
        "a1",
        """
        with op.get_context().autocommit_block():
            op.execute("SELECT pg_sleep(0.5)")
            op.create_index("ix_things", "things", ["id"], postgresql_concurrently=True)
        """,
    )
    migrators = [place.migrator(empty_database) for _ in range(4)]
    await asyncio.wait_for(asyncio.gather(*(one.upgrade() for one in migrators)), 30)
    async with scratch.engine.connect() as connection:
        valid = text("SELECT indisvalid FROM pg_index WHERE indexrelid = 'ix_things'::regclass")
        assert (await connection.execute(valid)).scalar_one() is True


async def test_a_concurrent_build_outwaits_a_transaction_longer_than_the_lock_timeout(
    place: Place, migrator: Migrator, scratch: Database
) -> None:
    """With a limit it would fail and leave an index that is not valid."""
    place.write_revision("a1", None, THINGS)
    await migrator.upgrade()
    place.write_revision(
        "a2",
        "a1",
        """
        with op.get_context().autocommit_block():
            op.create_index("ix_things", "things", ["id"], postgresql_concurrently=True)
            assert op.get_bind().scalar(sa.text("SHOW lock_timeout")) == "2s"
        """,
    )
    async with scratch.engine.connect() as connection:
        await connection.execute(text("INSERT INTO things VALUES (1)"))
        building = asyncio.create_task(migrator.upgrade())
        done, _ = await asyncio.wait({building}, timeout=2.5)
        assert not done
        await connection.commit()
    assert [revision.id for revision in await building] == ["a2"]


async def test_a_revision_gives_up_a_lock_it_waits_too_long_for(
    place: Place, migrator: Migrator, scratch: Database
) -> None:
    """Everybody who needs the table queues up behind a waiting ALTER TABLE."""
    place.write_revision("a1", None, THINGS)
    await migrator.upgrade()
    place.write_revision("a2", "a1", MORE)
    async with scratch.engine.connect() as connection:
        await connection.execute(text("SELECT * FROM things"))
        with pytest.raises(MigrationError, match="lock timeout"):
            await migrator.upgrade()


async def test_an_interrupted_revision_leaves_nothing_and_keeps_those_before(
    place: Place, migrator: Migrator, scratch: Database
) -> None:
    """The message says where it stopped; after a correction the same command goes on."""
    place.write_revision("a1", None, THINGS)
    place.write_revision("a2", "a1", MORE + '\nop.execute("SELECT 1/0")')
    with pytest.raises(MigrationError) as raised:
        await migrator.upgrade()
    assert "stopped at 'a2' (make a2)" in str(raised.value)
    assert "division by zero" in str(raised.value)
    assert "at revision 'a1'" in str(raised.value)
    assert await columns(scratch, "things") == ["id"]
    place.write_revision("a2", "a1", MORE)
    assert [revision.id for revision in await migrator.upgrade()] == ["a2"]


async def test_a_killed_migrator_leaves_a_database_that_the_next_one_can_use(
    place: Place, migrator: Migrator, scratch: Database
) -> None:
    """Its lock ends with its connection."""
    place.write_revision("a1", None, THINGS)
    place.write_revision("a2", "a1", MORE + '\nop.execute("SELECT pg_sleep(60)")')
    first = asyncio.create_task(migrator.upgrade())
    asleep = text(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
        " AND query = 'SELECT pg_sleep(60)'"
    )
    kill_others = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    async with scratch.engine.connect() as connection:
        while (await connection.execute(asleep)).scalar() is None:
            await connection.rollback()
        await connection.execute(kill_others)
    with pytest.raises(MigrationError):
        await first
    assert await columns(scratch, "things") == ["id"]
    place.write_revision("a2", "a1", MORE)
    assert [revision.id for revision in await migrator.upgrade()] == ["a2"]


async def test_downgrade_undoes_the_last_revision(
    place: Place, migrator: Migrator, scratch: Database
) -> None:
    """And `base` all of them."""
    place.write_revision("a1", None, THINGS, 'op.drop_table("things")')
    place.write_revision("a2", "a1", MORE, 'op.drop_column("things", "name")')
    await migrator.upgrade()
    await migrator.downgrade("-1")
    assert await columns(scratch, "things") == ["id"]
    assert (await migrator.status()).current == ("a1",)
    await migrator.downgrade("base")
    assert await columns(scratch, "things") == []


async def test_downgrade_to_an_unknown_revision_names_it(place: Place, migrator: Migrator) -> None:
    """A slip of the pen undoes nothing."""
    place.write_revision("a1", None, THINGS)
    await migrator.upgrade()
    with pytest.raises(MigrationError, match="nonsense"):
        await migrator.downgrade("nonsense")


async def test_two_heads_are_named_with_the_way_out(place: Place, migrator: Migrator) -> None:
    """Two branches of work each wrote a revision."""
    place.write_revision("a1", None, THINGS)
    place.write_revision("b2", "a1", MORE)
    place.write_revision("c2", "a1", "pass")
    with pytest.raises(MigrationError) as raised:
        await migrator.upgrade()
    assert "'b2' (make b2) and 'c2' (make c2)" in str(raised.value)
    assert 'c2.py set `down_revision = "b2"`' in str(raised.value)


async def test_a_database_newer_than_the_code_is_told_so(place: Place, migrator: Migrator) -> None:
    """The old release was started on the new database."""
    place.write_revision("a1", None, THINGS)
    place.write_revision("a2", "a1", MORE)
    await migrator.upgrade()
    (place.migrations / "versions" / "a2.py").unlink()
    with pytest.raises(MigrationError, match=r"'a2', which is not in .* newer than this code"):
        await migrator.upgrade()


async def test_a_project_without_migrations_is_told_how_to_begin(migrator: Migrator) -> None:
    """A wrong path would otherwise look like a database at head."""
    with pytest.raises(MigrationError, match="fastgres db new"):
        await migrator.upgrade()


async def test_check_finds_nothing_when_all_agree(place: Place, migrator: Migrator) -> None:
    """Models, revisions and database say the same."""
    place.write_models(
        'sa.Table("things", metadata, sa.Column("id", sa.BigInteger, primary_key=True))'
    )
    place.write_revision("a1", None, THINGS)
    await migrator.upgrade()
    await migrator.check()


async def test_check_lists_revisions_that_are_not_applied(place: Place, migrator: Migrator) -> None:
    """Comparing models with an old schema would only list noise."""
    place.write_revision("a1", None, THINGS)
    with pytest.raises(DriftError) as raised:
        await migrator.check()
    assert raised.value.differences == ("revision 'a1' (make a1) is not applied",)


async def test_new_writes_a_revision_that_makes_models_and_database_agree(
    place: Place, migrator: Migrator, scratch: Database
) -> None:
    """The first one also writes what Alembic needs; it can be undone again."""
    place.write_models(
        'sa.Table("things", metadata, sa.Column("id", sa.BigInteger, primary_key=True))'
    )
    file = await migrator.new("Add the things!")
    assert file.parent == place.migrations / "versions"
    assert file.name.endswith("_add_the_things.py")
    assert "run(metadata)" in (place.migrations / "env.py").read_text()
    await migrator.upgrade()
    await migrator.check()
    assert await columns(scratch, "things") == ["id"]
    await migrator.downgrade("base")
    assert await columns(scratch, "things") == []


async def test_new_refuses_when_nothing_changed(place: Place, migrator: Migrator) -> None:
    """An empty revision by accident is noise; on purpose it is for data."""
    place.write_environment()
    with pytest.raises(MigrationError, match="agree"):
        await migrator.new("nothing")
    assert list((place.migrations / "versions").glob("*.py")) == []
    file = await migrator.new("fill in names", empty=True)
    assert "pass" in file.read_text()


async def test_new_refuses_on_a_database_that_is_behind(place: Place, migrator: Migrator) -> None:
    """It would write what a pending revision has already."""
    place.write_revision("a1", None, THINGS)
    with pytest.raises(MigrationError, match=r"'a1' .* not applied"):
        await migrator.new("again")
