"""The proxy carries what it is given, and loses exactly what it is told to lose."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from chaos.proxy import Loss, Proxy


@pytest.fixture
async def direct(empty_database: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection beside the proxy, with a table to commit to."""
    connection = await asyncpg.connect(empty_database)
    await connection.execute("CREATE TABLE kept (value int)")
    yield connection
    await connection.close()


@pytest.fixture
async def proxy(empty_database: str) -> AsyncIterator[Proxy]:
    """A proxy in front of the test's database."""
    async with Proxy(empty_database) as proxy:
        yield proxy


async def kept(direct: asyncpg.Connection) -> list[int]:
    """Return what was committed."""
    return [row["value"] for row in await direct.fetch("SELECT value FROM kept ORDER BY value")]


async def store(connection: asyncpg.Connection, value: int) -> None:
    """Commit a value as asyncpg does."""
    async with connection.transaction():
        await connection.execute("INSERT INTO kept VALUES ($1)", value)


async def test_nothing_is_changed_on_the_way(proxy: Proxy, direct: asyncpg.Connection) -> None:
    """Large values in both directions, and a transaction."""
    connection = await asyncpg.connect(proxy.url())
    large = "x" * 3_000_000
    assert await connection.fetchval("SELECT $1::text", large) == large
    await store(connection, 1)
    assert (await kept(direct), proxy.commits) == ([1], 1)
    await connection.close()


async def test_encryption_is_declined_and_the_client_goes_on(proxy: Proxy) -> None:
    """It has to read what it carries."""
    connection = await asyncpg.connect(proxy.url(), ssl="prefer")
    assert await connection.fetchval("SELECT 1") == 1
    await connection.close()


@pytest.mark.parametrize(("loss", "expected"), [(Loss.COMMIT, []), (Loss.REPLY, [1])])
async def test_asyncpg_loses_its_connection_and_the_server_what_it_should(
    proxy: Proxy, direct: asyncpg.Connection, loss: Loss, expected: list[int]
) -> None:
    """The client cannot tell which of the two has happened."""
    connection = await asyncpg.connect(proxy.url())
    lost = proxy.lose_next(loss)
    with pytest.raises((asyncpg.PostgresConnectionError, ConnectionError)):
        await store(connection, 1)
    async with asyncio.timeout(5):
        await lost
    assert await kept(direct) == expected
    assert connection.is_closed()


@pytest.mark.parametrize(("loss", "expected"), [(Loss.COMMIT, []), (Loss.REPLY, [1])])
async def test_sqlalchemy_loses_the_same(
    proxy: Proxy, direct: asyncpg.Connection, loss: Loss, expected: list[int]
) -> None:
    """Its COMMIT is asyncpg's."""
    engine = create_async_engine(proxy.url().replace("postgresql://", "postgresql+asyncpg://"))
    lost = proxy.lose_next(loss)
    with pytest.raises((DBAPIError, ConnectionError)):
        async with engine.begin() as connection:
            await connection.execute(text("INSERT INTO kept VALUES (1)"))
    async with asyncio.timeout(5):
        await lost
    assert await kept(direct) == expected
    await engine.dispose()


async def test_commit_of_the_extended_protocol_is_lost_too(
    proxy: Proxy, direct: asyncpg.Connection
) -> None:
    """A prepared COMMIT is executed without its text."""
    connection = await asyncpg.connect(proxy.url())
    await connection.execute("BEGIN")
    await connection.execute("INSERT INTO kept VALUES (1)")
    commit = await connection.prepare("COMMIT")
    lost = proxy.lose_next(Loss.COMMIT)
    with pytest.raises((asyncpg.PostgresConnectionError, ConnectionError)):
        await commit.fetch()
    await lost
    assert await kept(direct) == []


async def test_only_the_next_commit_is_lost(proxy: Proxy, direct: asyncpg.Connection) -> None:
    """A retry gets through."""
    lost = proxy.lose_next(Loss.COMMIT)
    for value in (1, 2):
        connection = await asyncpg.connect(proxy.url())
        try:
            await store(connection, value)
        except (asyncpg.PostgresConnectionError, ConnectionError):
            await lost
        finally:
            connection.terminate()
    assert await kept(direct) == [2]


async def test_commits_are_spared_before_one_is_lost(
    proxy: Proxy, direct: asyncpg.Connection
) -> None:
    """What consists of several transactions is broken at each of them."""
    lost = proxy.lose_next(Loss.COMMIT, spared=2)
    connection = await asyncpg.connect(proxy.url())
    await store(connection, 1)
    await store(connection, 2)
    assert not lost.done()
    with pytest.raises((asyncpg.PostgresConnectionError, ConnectionError)):
        await store(connection, 3)
    await lost
    assert await kept(direct) == [1, 2]


async def test_frozen_proxy_carries_on_where_it_stood(proxy: Proxy) -> None:
    """Nothing is lost by freezing."""
    connection = await asyncpg.connect(proxy.url())
    proxy.freeze()
    asked = asyncio.create_task(connection.fetchval("SELECT 1"))
    done, _ = await asyncio.wait({asked}, timeout=0.1)
    assert not done
    proxy.thaw()
    assert await asked == 1
    await connection.close()


async def test_reset_is_a_reset(proxy: Proxy) -> None:
    """Not an orderly end: the kernel tells the client."""
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    writer.write(b"\0\0\0\x08\x04\xd2\x16\x2f")
    assert await reader.read(1) == b"N"
    proxy.reset()
    with pytest.raises(ConnectionResetError):
        await reader.read(1)
    writer.transport.abort()


async def test_refused_until_accepted_again(proxy: Proxy) -> None:
    """On the port that clients know."""
    url = proxy.url()
    await proxy.refuse()
    with pytest.raises(ConnectionRefusedError):
        await asyncpg.connect(url)
    await proxy.accept()
    connection = await asyncpg.connect(url)
    assert await connection.fetchval("SELECT 1") == 1
    await connection.close()


async def test_delay_is_paid_in_both_directions(proxy: Proxy) -> None:
    """A round trip takes twice as long."""
    connection = await asyncpg.connect(proxy.url())
    proxy.delay = 0.05
    began = time.monotonic()
    await connection.execute("SELECT 1")
    assert time.monotonic() - began >= 0.1
    proxy.delay = 0
    await connection.close()
