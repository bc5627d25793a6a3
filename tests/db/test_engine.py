"""The engine behind PgBouncer in transaction mode."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import socket
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import NullPool, select, text

from fastgres.db import Database, fetch_row
from fastgres.db.connection import TRUSTED
from tests.db.conftest import PID, foreign_engine
from tests.models import Counter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy.ext.asyncio import AsyncEngine

    from fastgres.settings import Settings

PGBOUNCER = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")


@pytest.fixture
def pooler_url(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> Iterator[str]:
    """The test's database behind PgBouncer with one server connection, or as many as asked for."""
    if PGBOUNCER is None:
        pytest.skip("PgBouncer is not installed on this machine (Debian: pgbouncer).")
    target = urlsplit(database_url)
    host = parse_qs(target.query).get("host", [target.hostname or ""])[0]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    password = f" password={target.password}" if target.password else ""
    configuration = tmp_path / "pgbouncer.ini"
    configuration.write_text(
        "[databases]\n"
        f"* = host={host} port={target.port or 5432} user={target.username}{password}\n"
        "[pgbouncer]\n"
        f"listen_addr = 127.0.0.1\nlisten_port = {port}\nauth_type = any\n"
        f"pool_mode = transaction\ndefault_pool_size = {getattr(request, 'param', 1)}\n"
        "unix_socket_dir =\n"
    )
    command = [PGBOUNCER, *_as_owner_of(host), str(configuration)]
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        yield f"postgresql://{target.username}@127.0.0.1:{port}{target.path}?ssl=disable"
        process.terminate()


def _as_owner_of(host: str) -> list[str]:
    """PgBouncer refuses root, and only its owner may enter the socket directory."""
    if os.getuid() != 0:
        return []
    owner = pwd.getpwuid(Path(host).stat().st_uid).pw_name if host.startswith("/") else "nobody"
    return ["-u", owner]


@pytest.mark.clone
async def test_works_behind_a_pooler_in_transaction_mode(
    pooler_url: str, settings: Settings
) -> None:
    """Two clients share one server connection, so that prepared statements would meet."""
    database = Database(pooler_url, settings.model_copy(update={"database_pooler": "transaction"}))
    await _answering(database)

    async def count_up(key: int) -> None:
        for value in range(10):
            async with database.session() as session, session.begin():
                await session.merge(Counter(id=key, value=value))

    await asyncio.gather(*(count_up(key) for key in (1, 2, 3)))
    async with database.session() as session:
        values = list(await session.scalars(select(Counter.value)))
    await database.close()
    assert values == [9, 9, 9]


@pytest.mark.clone
@pytest.mark.parametrize("pooler_url", [3], indirect=True)
async def test_single_selects_work_behind_a_pooler_in_transaction_mode(
    pooler_url: str, settings: Settings
) -> None:
    """Also through a pool of somebody else's, if asyncpg was told to keep no statements."""
    database = Database(pooler_url, settings.model_copy(update={"database_pooler": "transaction"}))
    await _answering(database)
    options = {"connect_args": {"statement_cache_size": 0, "prepared_statement_cache_size": 0}}
    async with foreign_engine(pooler_url, **options) as foreign:

        async def read(engine: AsyncEngine, number: int) -> None:
            for _ in range(10):
                row = await fetch_row(engine, f"SELECT $1::int + {number}", [1])
                assert row is not None
                assert row[0] == number + 1

        engines = (database.engine, foreign)
        await asyncio.gather(*(read(engine, n) for engine in engines for n in range(8)))
    await database.close()


async def _answering(database: Database) -> None:
    async with asyncio.timeout(10):
        while True:
            try:
                return await database.ping()
            except Exception:  # noqa: BLE001 - not yet listening, whatever it says
                await asyncio.sleep(0.05)


async def test_holds_no_pool_behind_a_pooler(database_url: str, settings: Settings) -> None:
    database = Database(
        database_url, settings.model_copy(update={"database_pooler": "transaction"})
    )
    assert isinstance(database.engine.sync_engine.pool, NullPool)
    assert database.pool_status().limit == 0


@pytest.mark.clone
@pytest.mark.parametrize("idle", [False, True])
async def test_only_a_connection_that_was_idle_is_pinged(idle: bool, one: Database) -> None:
    asked: list[str] = []
    async with one.session() as session, session.begin():
        connection = await session.connection()
        driver: Any = (await connection.get_raw_connection()).driver_connection
        await session.execute(text("SELECT 1"))
    if idle:
        driver._answered -= TRUSTED
    with driver.query_logger(lambda logged: asked.append(logged.query)):
        async with one.session() as session, session.begin():
            await session.execute(text("SELECT 1"))
    assert (";" in asked) is idle


@pytest.mark.clone
async def test_connection_that_was_just_closed_is_replaced(
    one: Database, kill: Callable[[int], None]
) -> None:
    """Although the loop stood still, and has not noticed."""
    async with one.session() as session, session.begin():
        pid = await session.scalar(text(PID))
    kill(pid)
    async with one.session() as session, session.begin():
        assert await session.scalar(text(PID)) != pid


async def test_parameters_stay_out_of_errors(database_url: str, settings: Settings) -> None:
    assert Database(database_url, settings).engine.sync_engine.hide_parameters
