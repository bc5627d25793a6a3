"""One connection of asyncpg: addressed, bounded in time on both sides, kept alive."""

from __future__ import annotations

import select
import socket
from time import monotonic
from typing import TYPE_CHECKING, Any

import asyncpg

from fastgres.db import sql
from fastgres.db.address import dsn
from fastgres.db.faults import translate
from fastgres.errors import LostCommitError, ServerUnavailableError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from fastgres.settings import Settings

_COMMIT = "COMMIT;"
"""What a transaction of asyncpg sends; `tests/db/test_unit.py` fails when it changes."""

_MARGIN = 2.0
"""Seconds that the client waits longer than the server's statement timeout."""

TRUSTED = 1.0
"""Seconds after its last transaction for which a connection is taken to be alive."""

_TRANSACTION_TIMEOUT_SINCE = 17
_KEEPALIVES = (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3))
_UNACKNOWLEDGED_LIMIT = ("TCP_USER_TIMEOUT", 30_000)

_UNREACHABLE = (
    OSError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
"""What asyncpg raises where no connection is to be had; a time limit is an `OSError`."""


class TruthfulConnection(asyncpg.Connection):
    """A connection on which COMMIT raises when it did not commit.

    PostgreSQL answers the COMMIT of a transaction that an error has broken with ROLLBACK, which is
    no error to it, nor to asyncpg and SQLAlchemy.
    """

    __slots__ = ("_answered",)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._answered = 0.0

    def is_fresh(self) -> bool:
        """Tell whether a transaction ended here a moment ago, and nobody has hung up since.

        Also when the loop had no time to notice: whatever waits to be read there is a goodbye.
        """
        if monotonic() - self._answered >= TRUSTED or self.is_closed():
            return False
        unread = select.poll()
        unread.register(_socket_of(self), select.POLLIN)
        return not unread.poll(0)

    async def execute(self, query: str, *args: Any, timeout: float | None = None) -> str:  # noqa: ASYNC109  asyncpg's signature
        """Run the statement, and raise `LostCommitError` for a COMMIT that rolled back.

        A server that does not answer is gone. SQLAlchemy would let a `TimeoutError` of its ping
        pass as an error of the caller's, and not try another connection.
        """
        try:
            answer: str = await super().execute(query, *args, timeout=timeout)
        except TimeoutError as error:
            raise asyncpg.ConnectionFailureError("No answer in time.") from error
        if answer == "ROLLBACK" and query == _COMMIT:
            raise LostCommitError
        self._answered = monotonic()
        return answer


def connector(url: str, settings: Settings) -> Callable[[], Awaitable[asyncpg.Connection]]:
    """Return what makes a connection; it raises `UnavailableError` when the server does not.

    Behind a pooler in transaction mode no timeout is sent and no statement is kept prepared:
    PgBouncer refuses start-up parameters that it does not track, and hands the next transaction
    to another server connection. Set the timeouts on the role there (`ALTER ROLE ... SET`).
    """
    options = _options(url, settings)

    async def connect(*_: Any, **__: Any) -> asyncpg.Connection:
        try:
            return await _opened(options, settings)
        except _UNREACHABLE as error:
            raise translate(error) or ServerUnavailableError() from error

    return connect


async def _opened(options: dict[str, Any], settings: Settings) -> asyncpg.Connection:
    """Connect and prepare the connection, or leave nothing open: the server may die in between."""
    connection: asyncpg.Connection = await asyncpg.connect(
        connection_class=TruthfulConnection, **options
    )
    try:
        await _bound_transactions(connection, settings)
    except BaseException:
        connection.terminate()
        raise
    keep_alive(connection)
    return connection


def _options(url: str, settings: Settings) -> dict[str, Any]:
    options: dict[str, Any] = {
        "dsn": dsn(url),
        "timeout": settings.database_connect_timeout,
        "command_timeout": _client_limit(settings.database_statement_timeout),
    }
    if settings.database_pooler == "transaction":
        return options | {"statement_cache_size": 0}
    return options | {"server_settings": _server_settings(settings)}


def _server_settings(settings: Settings) -> dict[str, str]:
    return {
        "application_name": "fastgres",
        "jit": "off",
        "timezone": "UTC",
        "statement_timeout": _milliseconds(settings.database_statement_timeout),
        "lock_timeout": _milliseconds(settings.database_lock_timeout),
        "idle_in_transaction_session_timeout": _milliseconds(
            settings.database_idle_in_transaction_timeout
        ),
        "tcp_keepalives_idle": "30",
        "tcp_keepalives_interval": "10",
        "tcp_keepalives_count": "3",
    }


async def _bound_transactions(connection: asyncpg.Connection, settings: Settings) -> None:
    version = connection.get_server_version().major
    if settings.database_pooler == "transaction" or version < _TRANSACTION_TIMEOUT_SINCE:
        return
    limit = _milliseconds(settings.database_transaction_timeout)
    await connection.execute(sql.SET_TRANSACTION_TIMEOUT, limit)


def keep_alive(connection: asyncpg.Connection) -> None:
    """Let the kernel notice a peer that is gone; asyncpg sets nothing (MagicStack/asyncpg#1326)."""
    peer = _socket_of(connection)
    if peer is None or peer.family not in (socket.AF_INET, socket.AF_INET6):
        return
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (*_KEEPALIVES, _UNACKNOWLEDGED_LIMIT):
        option = getattr(socket, name, None)
        if option is not None:
            peer.setsockopt(socket.IPPROTO_TCP, option, value)


def _socket_of(connection: asyncpg.Connection) -> Any:
    """Return its socket; asyncpg offers no public way to it.

    `tests/db/test_connection.py` fails when the private one moves.
    """
    return connection._transport.get_extra_info("socket")  # type: ignore[attr-defined]  # noqa: SLF001 - private, see the docstring


def _client_limit(statement_timeout: float) -> float | None:
    return statement_timeout + _MARGIN if statement_timeout else None


def _milliseconds(seconds: float) -> str:
    return str(round(seconds * 1000))
