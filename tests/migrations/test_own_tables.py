"""The revision for the tables of fastgres: written, applied, undone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fastgres.errors import MigrationError
from fastgres.tables import LATEST, installed

if TYPE_CHECKING:
    from fastgres.db import Database
    from fastgres.migrations import Migrator
    from tests.migrations.conftest import Place

THINGS = 'op.create_table("things", sa.Column("id", sa.BigInteger, primary_key=True))'


async def test_the_revision_installs_and_its_undoing_removes(
    place: Place, migrator: Migrator, scratch: Database
) -> None:
    """It says the version by number: next year it has to do the same."""
    place.write_environment()
    file = await migrator.new_tables()
    assert file is not None
    assert f"tables.upgrade(op, version={LATEST})" in file.read_text()
    assert "tables.downgrade(op, version=0)" in file.read_text()
    assert file.name.endswith(f"_tables_of_fastgres_version_{LATEST}.py")

    await migrator.upgrade()
    assert await installed(scratch.engine) == LATEST
    await migrator.downgrade("-1")
    assert await installed(scratch.engine) == 0


async def test_nothing_is_written_twice(place: Place, migrator: Migrator) -> None:
    """Neither while the revision is pending nor when it is applied."""
    place.write_environment()
    await migrator.new_tables()
    with pytest.raises(MigrationError, match="is not applied to this database"):
        await migrator.new_tables()
    await migrator.upgrade()
    assert await migrator.new_tables() is None
    assert len(list((place.migrations / "versions").glob("*.py"))) == 1


async def test_the_tables_are_no_drift(place: Place, migrator: Migrator) -> None:
    """Models know nothing of them, and a generated revision would drop them."""
    place.write_revision("a1", None, THINGS)
    place.write_models(
        'sa.Table("things", metadata, sa.Column("id", sa.BigInteger, primary_key=True))'
    )
    await migrator.upgrade()
    await migrator.new_tables()
    await migrator.upgrade()
    await migrator.check()
