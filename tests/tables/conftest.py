"""Databases for what rolls nothing back: tables come and go, and connections see each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fastgres.db import Database
from fastgres.settings import Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def scratch(empty_database: str) -> AsyncIterator[Database]:
    """An empty database, without tables of anybody."""
    database = Database(empty_database, load_settings(Settings, environment="test"))
    yield database
    await database.close()
