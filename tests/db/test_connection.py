"""One connection: bounded in time on both sides, kept alive, its failures typed."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import asyncpg
import pytest
from sqlalchemy import text

from fastgres.db import Database
from fastgres.db.connection import connector
from fastgres.errors import ServerUnavailableError
from tests.relay import Relay

if TYPE_CHECKING:
    from fastgres.settings import Settings

LIMITS = {
    "statement_timeout": "7s",
    "lock_timeout": "3s",
    "idle_in_transaction_session_timeout": "11s",
    "jit": "off",
    "TimeZone": "UTC",
    "application_name": "fastgres",
}


async def test_the_server_is_told_the_limits(database_url: str, settings: Settings) -> None:
    chosen = settings.model_copy(
        update={
            "database_statement_timeout": 7.0,
            "database_lock_timeout": 3.0,
            "database_idle_in_transaction_timeout": 11.0,
        }
    )
    connection = await connector(database_url, chosen)()
    try:
        told = {name: await connection.fetchval(f"SHOW {name}") for name in LIMITS}
    finally:
        await connection.close()
    assert told == LIMITS


async def test_the_whole_transaction_is_bounded_where_the_server_can(
    database_url: str, settings: Settings
) -> None:
    chosen = settings.model_copy(update={"database_transaction_timeout": 13.0})
    connection = await connector(database_url, chosen)()
    try:
        limit = await connection.fetchval("SELECT current_setting('transaction_timeout', true)")
        expected = "13s" if connection.get_server_version().major >= 17 else None
    finally:
        await connection.close()
    assert limit == expected


async def test_the_kernel_watches_the_peer(database_url: str, settings: Settings) -> None:
    """Fails when asyncpg's private way to the socket moves."""
    async with Relay(database_url) as relay:
        connection = await connector(relay.url, settings)()
        peer = connection._transport.get_extra_info("socket")  # type: ignore[attr-defined]  # private, as in the code
        assert peer.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert peer.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 30
        assert peer.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 30_000
        connection.terminate()


async def test_a_server_that_is_away_is_503(settings: Settings) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        with pytest.raises(ServerUnavailableError) as raised:
            await connector(f"postgresql://ada@127.0.0.1:{port}/shop", settings)()
    assert raised.value.headers["Retry-After"] == "2"
    assert "127.0.0.1" not in raised.value.detail


async def test_a_database_that_does_not_exist_is_503_with_the_cause_kept(
    database_url: str, settings: Settings
) -> None:
    other = database_url.replace("/fastgres_test", "/no_such_database_fastgres_test", 1)
    with pytest.raises(ServerUnavailableError) as raised:
        await connector(other, settings)()
    assert isinstance(raised.value.__cause__, asyncpg.InvalidCatalogNameError)


async def test_a_server_that_answers_nothing_is_503_in_time(settings: Settings) -> None:
    hurried = settings.model_copy(update={"database_connect_timeout": 0.2})
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(ServerUnavailableError):
            await connector(f"postgresql://ada@127.0.0.1:{port}/shop?ssl=disable", hurried)()


@pytest.mark.clone
async def test_a_server_that_falls_silent_is_503_in_time_and_its_connection_dropped(
    database_url: str, settings: Settings
) -> None:
    hurried = settings.model_copy(update={"database_statement_timeout": 0.01})
    async with Relay(database_url) as relay:
        database = Database(relay.url, hurried)
        async with database.session() as session:
            await session.execute(text("SELECT 1"))
            relay.freeze()
            with pytest.raises(ServerUnavailableError):
                await session.execute(text("SELECT 1"))
        assert database.pool_status().lent == 0
        relay.thaw()
        await database.ping()
        await database.close()


@pytest.mark.clone
async def test_a_server_lost_between_greeting_and_first_statement_is_503(
    database_url: str, settings: Settings
) -> None:
    """The connection stands, and what prepares it is not answered any more."""
    hurried = settings.model_copy(
        update={"database_statement_timeout": 0.01, "database_transaction_timeout": 1}
    )
    async with Relay(database_url) as relay:
        relay.freeze_once_ready = True
        with pytest.raises(ServerUnavailableError):
            await connector(relay.url, hurried)()


@pytest.mark.clone
async def test_a_server_that_falls_silent_between_two_sessions_is_503(
    database_url: str, settings: Settings
) -> None:
    """The pool's ping is not answered, nor is the new connection that it tries then."""
    hurried = settings.model_copy(
        update={"database_statement_timeout": 0.01, "database_connect_timeout": 0.2}
    )
    async with Relay(database_url) as relay:
        database = Database(relay.url, hurried)
        async with database.session() as session:
            await session.execute(text("SELECT 1"))
        relay.freeze()
        async with database.session() as session:
            with pytest.raises(ServerUnavailableError):
                await session.execute(text("SELECT 1"))
        relay.thaw()
        await database.ping()
        await database.close()
