"""A project for commands, whose PostgreSQL runs as long as the tests of a module do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fastgres.embedded import acquire
from tests.cli import kiosk


@pytest.fixture(scope="module")
def project_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a project; no command has to start its server."""
    folder = kiosk.write(tmp_path_factory.mktemp("kiosk"))
    with acquire(folder / ".fastgres" / "postgres"):
        yield folder
