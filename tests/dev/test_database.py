"""A database is made anew."""

from __future__ import annotations

import uuid
from pathlib import Path

import asyncpg
import pytest

from fastgres.dev import database_name, recreate
from fastgres.errors import ConfigurationError, FastgresError


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("postgresql://app@db", "names no database"),
        ("postgresql://app@db/", "names no database"),
        ("postgresql://app@db/postgres", "not dropped"),
        ("postgresql://app@db/template1", "not dropped"),
    ],
)
def test_what_is_not_the_service_s_own_is_not_dropped(url: str, message: str) -> None:
    """A forgotten path leads to the database that every server has."""
    with pytest.raises(ConfigurationError, match=message):
        database_name(url)


async def test_it_is_empty_afterwards_though_others_were_connected(postgres_server: str) -> None:
    """Its data is gone, their connections are ended; the name may be any."""
    name = f'fastgres "dev" {uuid.uuid4().hex[:8]}'
    head, _, query = postgres_server.partition("?")
    url = f"{head.rpartition('/')[0]}/{name.replace(' ', '%20').replace(chr(34), '%22')}?{query}"
    await recreate(url)
    other = await asyncpg.connect(url)
    await other.execute("CREATE TABLE papers ()")
    await recreate(url)
    again = await asyncpg.connect(url)
    assert await again.fetchval("SELECT to_regclass('papers')") is None
    assert other.is_closed() or await _is_ended(other)
    await again.close()
    server = await asyncpg.connect(postgres_server)
    quoted = '"' + name.replace('"', '""') + '"'
    await server.execute(f"DROP DATABASE {quoted}")
    await server.close()


async def _is_ended(connection: asyncpg.Connection) -> bool:
    try:
        await connection.fetchval("SELECT 1")
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        return True
    return False


async def test_a_server_that_is_away_is_said_without_the_password(tmp_path: Path) -> None:
    """With what the system said."""
    with pytest.raises(FastgresError, match="'shop' could not be made anew") as raised:
        await recreate("postgresql://app:hunter2@127.0.0.1:1/shop")
    assert "hunter2" not in str(raised.value)
