"""The files that are written for a project."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from fastgres.migrations.config import write_folder

if TYPE_CHECKING:
    from fastgres.migrations import Migrator
    from tests.migrations.conftest import Place

THINGS = """
sa.Table("things", metadata, sa.Column("id", sa.BigInteger, primary_key=True),
    sa.Column("name", sa.Text, unique=True), sa.Column("made", sa.DateTime(timezone=True)))
"""


async def test_a_generated_revision_is_named_by_its_second_and_its_message(
    place: Place, migrator: Migrator
) -> None:
    """A folder listing is the history."""
    place.write_models(THINGS)
    file = await migrator.new("Add things, and names")
    assert re.fullmatch(r"\d{4}_\d\d_\d\d_\d{6}_add_things_and_names\.py", file.name)
    assert (ast.get_docstring(ast.parse(file.read_text())) or "").startswith(
        "Add things, and names\n"
    )


def test_the_environment_of_a_service_is_a_few_lines(place: Place) -> None:
    """It imports the declarative base that [tool.fastgres] names."""
    write_folder(replace(place.project, metadata="shop.models:Base"))
    code = (place.migrations / "env.py").read_text()
    assert (
        code.endswith("from shop.models import Base\n\nrun(Base.metadata)\n")
        or "run(Base.metadata)" in code
    )
    assert len(code.splitlines()) <= 6


def test_files_of_the_project_are_never_overwritten(place: Place) -> None:
    """From the first day on they belong to the project."""
    place.write_environment()
    before = (place.migrations / "env.py").read_text()
    write_folder(place.project)
    assert (place.migrations / "env.py").read_text() == before
