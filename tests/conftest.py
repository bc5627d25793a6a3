"""The library's own tests: its fixtures on the models of `tests/models.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from fastgres.settings import Project
from fastgres.tables import LATEST, upgrade
from tests.models import metadata

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


@pytest.fixture(scope="session")
def project(pytestconfig: pytest.Config) -> Project:
    """Stand in for the [tool.fastgres] table that a library does not have."""
    return Project(
        root=pytestconfig.rootpath,
        app="tests.models:no_application",
        metadata="tests.models:metadata",
    )


@pytest.fixture(scope="session")
def prepare_template() -> Callable[[str], Awaitable[None]]:
    """Make the tables from the models, for which there are no migrations, and our own."""

    async def create_all(url: str) -> None:
        engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://"))
        async with engine.begin() as connection:
            await connection.run_sync(metadata.create_all)
            await connection.run_sync(upgrade, LATEST)
        await engine.dispose()

    return create_all
