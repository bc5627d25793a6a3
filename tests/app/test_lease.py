"""Where the database is."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from fastgres.app import EMBEDDED_DATABASE, embedded_directory, lease_database
from fastgres.db import Database
from fastgres.errors import ConfigurationError
from fastgres.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path


class Careless(Settings):
    """Settings that production would not take."""

    enforced = False


async def test_given_address_is_passed_on() -> None:
    url = "postgresql://app:hunter2@db:5432/shop"
    async with lease_database(Settings(environment="test", database_url=url)) as given:
        assert given == url


async def test_without_address_a_server_is_started(tmp_path: Path) -> None:
    settings = Settings(environment="development", database_url=None, embedded_directory=tmp_path)
    async with lease_database(settings) as url, lease_database(settings) as again:
        assert again == url
        database = Database(url, settings)
        async with database.session() as session:
            name = await session.scalar(text("SELECT current_database()"))
        await database.close()
    assert name == EMBEDDED_DATABASE


async def test_never_in_production(tmp_path: Path) -> None:
    settings = Careless(environment="production", database_url=None, embedded_directory=tmp_path)
    with pytest.raises(ConfigurationError, match="DATABASE_URL is unset"):
        async with lease_database(settings):
            pass
    assert os.listdir(tmp_path) == []  # noqa: PTH208 - an async test may not block on a Path


def test_data_lies_with_the_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.fastgres]\napp = "a:b"\nmetadata = "a:c"\n')
    monkeypatch.chdir(tmp_path)
    settings = Settings(environment="test")
    assert embedded_directory(settings) == tmp_path.resolve() / ".fastgres" / "postgres"
