"""A database: its engine, the sessions on it, and its end."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn
from weakref import WeakSet

from sqlalchemy import QueuePool, text

from fastgres.db import sql
from fastgres.db.address import place_of
from fastgres.db.connection import connector
from fastgres.db.constraints import Constraints
from fastgres.db.declarative import Base
from fastgres.db.direct import joined
from fastgres.db.engine import make_engine
from fastgres.db.independent import refuse_nested
from fastgres.db.session import Session
from fastgres.errors import IsolationError, ProblemError, ServerUnavailableError
from fastgres.observability import Outage, get_logger, mark_told

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import asyncpg
    from sqlalchemy import MetaData
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from fastgres.settings import Settings

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class PoolStatus:
    """How many connections the pool may hold, has open, and has lent out.

    ```python
    assert database.pool_status().lent <= database.pool_status().limit
    ```
    """

    limit: int
    open: int
    lent: int


class Database:
    """Hold the engine of one PostgreSQL database and make sessions on it.

    Made once per process, in the application's lifespan, and closed there. No connection is
    opened before the first statement.

    ```python
    from sqlalchemy import text

    async with database.session() as session:
        assert await session.scalar(text("SELECT 1")) == 1
    ```
    """

    def __init__(self, url: str, settings: Settings, *, metadata: MetaData | None = None) -> None:
        self.settings = settings
        """With which it was made, for those who have nothing but the database, such as jobs."""
        self.outage = Outage(log, "database", server=place_of(url))
        """Whether its server is away, and what the log says of it."""
        self._connections: WeakSet[asyncpg.Connection] = WeakSet()
        self._connect = connector(url, settings)
        self._deadline = settings.database_connect_timeout
        self._settings = settings
        self._constraints = Constraints(Base.metadata if metadata is None else metadata)
        self._side: AsyncEngine | None = None
        self.engine: AsyncEngine = self._make_engine(settings)
        self.source: AsyncEngine | AsyncConnection = self.engine
        """What `fetch_row` reads from outside any session; in tests the one connection."""

    def _make_engine(self, settings: Settings) -> AsyncEngine:
        return make_engine(self._connect_and_remember, settings, self._constraints)

    async def _connect_and_remember(self, *_: object, **__: object) -> asyncpg.Connection:
        try:
            connection = await self._connect()
        except ProblemError as error:
            self._tell(error)
            raise
        self.outage.found()
        self._connections.add(connection)
        return connection

    def _tell(self, error: ProblemError) -> None:
        """Log an outage instead of each try, and say in the error where nobody answered."""
        cause = error.__cause__ or error
        why = f"{type(cause).__name__}: {cause}"
        self.outage.lost(error=why)
        error.add_note(f"{self.outage.facts['server']} ({why})")
        mark_told(error)

    async def connect(self) -> asyncpg.Connection:
        """Open a connection of asyncpg beside the pool, for LISTEN, say; close it yourself.

        Raises `UnavailableError` when the server cannot be reached in time.
        """
        return await self._connect_and_remember()

    @classmethod
    def bound_to(
        cls,
        connection: AsyncConnection,
        settings: Settings,
        *,
        refuse: Callable[[str], NoReturn] | None = None,
    ) -> Database:
        """Return a database whose sessions all join the transaction of one open connection.

        For tests: a session's commit releases a savepoint, and rolling the connection's
        transaction back undoes everything. `refuse` raises `IsolationError` for what one
        connection cannot do, given in words.
        """
        return _Bound(connection, settings, refuse or _refuse)

    def session(self) -> Session:
        """Return a new session; enter it with `async with` to have it closed."""
        return Session(self.engine, aside=self._aside)

    async def _aside(self, _outer: Session) -> Session:
        """Return a session that never waits for a connection which a session waits with."""
        if self._side is None:
            size = self._settings.database_independent_pool_size
            small = {"database_pool_size": size, "database_max_overflow": 0}
            self._side = self._make_engine(self._settings.model_copy(update=small))
        return Session(self._side, aside=refuse_nested)

    async def ping(self) -> None:
        """Return when the database answers; raise `UnavailableError` when it does not.

        While all of the pool is lent out the question goes over a connection of its own: a busy
        service is not one without a database.
        """
        status = self.pool_status()
        busy = status.limit > 0 and status.lent >= status.limit
        try:
            async with asyncio.timeout(self._deadline):
                await (self._ping_beside_the_pool() if busy else self._ping_from_the_pool())
        except TimeoutError as error:
            raise ServerUnavailableError from error

    async def _ping_from_the_pool(self) -> None:
        async with self.engine.connect() as connection:
            await connection.execute(text(sql.PING))

    async def _ping_beside_the_pool(self) -> None:
        connection = await self._connect_and_remember()
        try:
            await connection.execute(sql.PING)
            await connection.close()
        finally:
            connection.terminate()

    def pool_status(self) -> PoolStatus:
        """Return the pool's numbers at this moment; all zero without a pool."""
        pool = self.engine.sync_engine.pool
        if not isinstance(pool, QueuePool):
            return PoolStatus(0, 0, 0)
        lent = pool.checkedout()
        return PoolStatus(limit=pool.size(), open=pool.checkedin() + lent, lent=lent)

    async def close(self, deadline: float = 5.0) -> None:
        """Close every connection within `deadline` seconds, cutting off those that hang.

        A frozen server keeps a polite goodbye waiting for ever, and cancelling it waits too
        (MagicStack/asyncpg#1326), so what is left then is aborted on our side.
        """
        goodbye = asyncio.ensure_future(self._dispose())
        done, _ = await asyncio.wait({goodbye}, timeout=deadline)
        if not done:
            log.warning("database connections cut off", open=len(self._connections))
        for connection in list(self._connections):
            connection.terminate()
        if not done:
            goodbye.cancel()

    async def _dispose(self) -> None:
        await self.engine.dispose()
        if self._side is not None:
            await self._side.dispose()


def _refuse(what: str) -> NoReturn:
    raise IsolationError(what)


class _Bound(Database):
    def __init__(
        self, connection: AsyncConnection, settings: Settings, refuse: Callable[[str], NoReturn]
    ) -> None:
        self._refuse = refuse
        self.settings = settings
        self.outage = Outage(log, "database")
        self._connection = connection
        self._deadline = settings.database_connect_timeout
        self.engine = connection.engine
        self.source = joined(connection)

    async def connect(self) -> asyncpg.Connection:
        raise IsolationError(
            "A connection of its own was asked for, in a test whose sessions share one: it would "
            "see nothing of what the test has written. Mark the test with @pytest.mark.clone."
        )

    def session(self) -> Session:
        return self._join(self._aside)

    def _join(self, aside: Callable[[Session], Awaitable[Session]]) -> Session:
        mode = "create_savepoint"
        return Session(self._connection, aside=aside, join_transaction_mode=mode)

    async def _aside(self, outer: Session) -> Session:
        """Return a session on the same connection, if it can do there what it would do on its own.

        Inside a transaction of the outer session its commit would be undone with that one. One
        that has only read is ended, which the outer session does not notice.
        """
        if outer.in_unit or outer.uncommitted():
            self._refuse(
                "`session.independent()` was called inside a unit of work, while all sessions "
                "share one connection: its commit would be lost with a rollback of that unit, and "
                "it would see what that has not committed."
            )
        if outer.in_transaction():
            await outer.commit()  # allow FG101: it has only read, and shares its connection
        return self._join(refuse_nested)

    async def ping(self) -> None:
        await self._connection.execute(text(sql.PING))

    async def close(self, deadline: float = 5.0) -> None:
        """Leave the connection to whoever opened it."""
