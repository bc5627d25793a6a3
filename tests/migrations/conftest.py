"""A project in a folder of its own for each test, with a small history of revisions."""

from __future__ import annotations

import sys
from itertools import count
from textwrap import dedent, indent
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import MetaData

from fastgres.db import Database
from fastgres.migrations import Migrator
from fastgres.settings import Project, Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

_NUMBERS = count(1)


class Place:
    """A project on disk whose models and revisions a test writes."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.module = f"models_of_place_{next(_NUMBERS)}"
        self.migrations = root / "migrations"
        self.project = Project(
            root=root,
            app="nowhere:app",
            metadata=f"{self.module}:metadata",
            migrations=self.migrations,
        )
        self.write_models("")

    def write_models(self, tables: str) -> None:
        """Put `metadata` with these tables where `env.py` imports it from."""
        sys.modules.pop(self.module, None)
        head = """\
            import sqlalchemy as sa
            from fastgres.db import Base
            metadata = sa.MetaData(naming_convention=Base.metadata.naming_convention)
            """
        (self.root / f"{self.module}.py").write_text(dedent(head) + dedent(tables))
        (self.root / "migrations/__pycache__").mkdir(parents=True, exist_ok=True)

    def write_environment(self) -> None:
        """Write the `env.py` of a service."""
        (self.migrations / "versions").mkdir(parents=True, exist_ok=True)
        (self.migrations / "env.py").write_text(
            f"from {self.module} import metadata\n"
            "from fastgres.migrations import run\n"
            "run(metadata)\n"
        )

    def write_revision(
        self, name: str, after: str | None, upgrade: str, downgrade: str = "pass"
    ) -> None:
        """Write a revision by hand."""
        self.write_environment()
        (self.migrations / "versions" / f"{name}.py").write_text(
            f'"""make {name}"""\n'
            "import sqlalchemy as sa\n"
            "from alembic import op\n"
            f"revision = {name!r}\n"
            f"down_revision = {after!r}\n"
            f"def upgrade():\n{indent(dedent(upgrade), '    ')}\n"
            f"def downgrade():\n{indent(dedent(downgrade), '    ')}\n"
        )

    def migrator(self, url: str) -> Migrator:
        """Return a migrator for a database, with the settings of tests."""
        return Migrator(
            url, self.project, MetaData(), settings=load_settings(Settings, environment="test")
        )


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A project without revisions."""
    place = Place(tmp_path)
    sys.path.insert(0, str(tmp_path))
    yield place
    sys.path.remove(str(tmp_path))
    sys.modules.pop(place.module, None)


@pytest.fixture
def migrator(place: Place, empty_database: str) -> Migrator:
    """The migrator of the project, on an empty database."""
    return place.migrator(empty_database)


@pytest.fixture
async def scratch(empty_database: str) -> AsyncIterator[Database]:
    """The same empty database, to look at what was made in it."""
    database = Database(empty_database, load_settings(Settings, environment="test"))
    yield database
    await database.close()
