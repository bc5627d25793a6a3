"""Projects of their own for tests of the plugin, so that they do not sweep each other's things."""

from __future__ import annotations

from dataclasses import replace
from secrets import token_hex
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from fastgres.testing.server import provisioning

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncConnection

    from fastgres.settings import Project
    from fastgres.testing.provisioner import Provisioner


@pytest.fixture
def alone(project: Project, tmp_path: Path) -> Project:
    """A project whose databases no other test makes."""
    root = tmp_path / f"alone_{token_hex(4)}"
    return replace(project, root=root, migrations=root / "migrations")


@pytest.fixture
async def provisioner(postgres_server: str, alone: Project) -> AsyncIterator[Provisioner]:
    """A run of that project, on the loop of the test."""
    async with provisioning(postgres_server, alone) as provisioner:
        yield provisioner


@pytest.fixture
async def server(postgres_server: str) -> AsyncIterator[AsyncConnection]:
    """A connection to the server, to see and do what the plugin must not."""
    url = postgres_server.replace("postgresql://", "postgresql+asyncpg://")
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        yield connection
    await engine.dispose()
