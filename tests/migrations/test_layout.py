"""How a generated revision looks."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastgres.migrations import Migrator
    from tests.migrations.conftest import Place

THINGS = """
sa.Table("things", metadata, sa.Column("id", sa.BigInteger, primary_key=True),
    sa.Column("name", sa.Text, unique=True), sa.Column("made", sa.DateTime(timezone=True)))
"""


async def test_a_generated_revision_passes_ruff(place: Place, migrator: Migrator) -> None:
    """Nobody formats it by hand, and it names every constraint."""
    place.write_models(THINGS)
    file = await migrator.new("things")
    empty = await migrator.new("data", empty=True)
    assert 'op.f("uq_things_name")' in file.read_text()
    for arguments in (("format", "--check"), ("check", "--select=F,I,UP,E501")):
        program = (sys.executable, "-m", "ruff", *arguments, "--isolated", str(file), str(empty))
        process = await asyncio.create_subprocess_exec(*program)
        assert await process.wait() == 0
