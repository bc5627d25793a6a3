"""A worker's own connections: opened when needed, dropped when in doubt, bounded in time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol

import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection

from fastgres.db import Database, translate
from fastgres.errors import ProblemError, ServerUnavailableError

if TYPE_CHECKING:
    from types import TracebackType

DEADLINE: Final = 5.0
"""Seconds that one statement of the queue may take."""

Row = Sequence[Any]

_LOST: Final = (asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError)
"""What the driver raises for a connection that is lost, or that it has lost track of."""


class Link(Protocol):
    """Runs the statements of the queue, each in a transaction of its own."""

    async def fetch(self, statement: str, *arguments: object) -> Sequence[Row]:
        """Return the rows; raise `ProblemError` when the database does not answer in time."""

    def close(self) -> None:
        """Give it up."""


class OwnLink:
    """A connection beside the pool, so that jobs which use up the pool do not stop the worker."""

    def __init__(self, database: Database, deadline: float = DEADLINE) -> None:
        self._database = database
        self._deadline = deadline
        self._connection: asyncpg.Connection | None = None
        self._turn = asyncio.Lock()

    async def fetch(self, statement: str, *arguments: object) -> Sequence[Row]:
        """Run one statement; the connection is dropped when its state is unknown afterwards."""
        async with self._turn, _Typed():
            try:
                async with asyncio.timeout(self._deadline):
                    connection = await self._opened()
                    rows: Sequence[Any] = await connection.fetch(statement, *arguments)
                    return rows
            except asyncpg.PostgresError:
                if self._connection is not None and self._connection.is_closed():
                    self.close()
                raise
            except BaseException:
                self.close()
                raise

    async def _opened(self) -> asyncpg.Connection:
        if self._connection is None or self._connection.is_closed():
            self._connection = await self._database.connect()
        return self._connection

    def close(self) -> None:
        """Drop the connection without a goodbye, which a frozen server would keep waiting."""
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None


class SharedLink:
    """The one connection of a rolled back test, on which everything takes turns."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def fetch(self, statement: str, *arguments: object) -> Sequence[Row]:
        """Run one statement inside a savepoint."""
        async with self._connection.begin_nested():
            result = await self._connection.exec_driver_sql(statement, tuple(arguments))
            return result.all() if result.returns_rows else ()

    def close(self) -> None:
        """Leave it to the test."""


class _Typed:
    """Turns what the driver raises into the typed errors; a bug stays what it is."""

    async def __aenter__(self) -> None:
        pass

    async def __aexit__(
        self,
        _type: type[BaseException] | None,
        error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        if isinstance(error, asyncpg.PostgresError):
            typed: ProblemError | None = translate(error)
            if typed is not None:
                raise typed from error
        elif isinstance(error, _LOST):
            raise ServerUnavailableError from error


def shares_connection(database: Database) -> bool:
    """Tell the database of a rolled back test, which has one connection, from a real one."""
    return isinstance(database.source, AsyncConnection)


def link_to(database: Database) -> Link:
    """Return a link of the kind that the database allows."""
    source = database.source
    return SharedLink(source) if isinstance(source, AsyncConnection) else OwnLink(database)
