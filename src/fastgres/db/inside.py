"""One statement in the session's transaction, on the driver itself where nobody misses it.

SQLAlchemy begins its transaction at the first statement that goes through it, and has no public
way to begin it for one that does not. What it keeps to itself is used here and nowhere else;
`tests/db/test_inside.py` fails when it changes, and statements then go through SQLAlchemy.
"""

from __future__ import annotations

import logging
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Engine
from sqlalchemy.dialects.postgresql.asyncpg import (
    AsyncAdapt_asyncpg_connection,
    AsyncAdapt_asyncpg_dbapi,
)

from fastgres.db.faults import breaks_driver, translate_driver
from fastgres.db.recording import RecordingSession, remember

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection
    from sqlalchemy.ext.asyncio import AsyncSession
    from sqlalchemy.orm import Session as SyncSession

    from fastgres.errors import ProblemError

_BEGIN: Final = "_start_transaction"
IS_KNOWN: Final = iscoroutinefunction(getattr(AsyncAdapt_asyncpg_connection, _BEGIN, None))
"""Whether SQLAlchemy has what this module uses."""


async def run_inside(
    session: AsyncSession, sql: str, arguments: Sequence[object] = (), *, change: str = ""
) -> Sequence[Sequence[Any]]:
    """Run one statement in the transaction of the session, in one round trip; return its rows.

    The placeholders are `$1`, `$2`, the arguments as asyncpg takes them, and columns are read by
    position. Begins a transaction if none is open; flushes nothing. `change` says what the
    statement writes, to who asks the session what is not committed.

    Raises what a session raises, but a violated constraint and a bug as the driver's errors. It
    goes through SQLAlchemy when somebody listens for statements or logs them, and for a session
    that shares a connection, as in rolled back tests.

    ```python
    from fastgres.db import run_inside

    async with session.begin():
        rows = await run_inside(session, "SELECT $1::int + 1", [41])
    assert rows[0][0] == 42
    ```
    """
    connection = await session.run_sync(_unwatched)
    if change and isinstance(session.sync_session, RecordingSession):
        remember(session.sync_session, change)
    if connection is None:
        return await session.run_sync(_run, sql, tuple(arguments))
    adapter: Any = connection.connection.dbapi_connection
    driver: Any = connection.connection.driver_connection
    try:
        if not driver.is_in_transaction():
            await getattr(adapter, _BEGIN)()
        rows: Sequence[Sequence[Any]] = await driver.fetch(sql, *arguments)
    except BaseException as error:
        cause = error.__cause__ if isinstance(error, AsyncAdapt_asyncpg_dbapi.Error) else error
        typed = await _fail(session, connection, cause or error)
        if typed is None:
            raise
        raise typed from cause
    return rows


def _unwatched(session: SyncSession) -> Connection | None:
    """Return the connection of the session if it is its own and nobody looks on, else None."""
    connection = session.connection()
    events, engine = connection.dispatch, connection.engine
    watched = (
        events.before_cursor_execute
        or events.after_cursor_execute
        or events.before_execute
        or events.after_execute
        or engine.logger.isEnabledFor(logging.INFO)
    )
    if watched or not IS_KNOWN or connection.dialect.driver != "asyncpg":
        return None
    return connection if isinstance(session.get_bind(), Engine) else None


def _run(session: SyncSession, sql: str, arguments: tuple[object, ...]) -> Sequence[Any]:
    result = session.connection().exec_driver_sql(sql, arguments)
    return result.all() if result.returns_rows else []


async def _fail(
    session: AsyncSession, connection: Connection, error: BaseException
) -> ProblemError | None:
    """Drop a connection that is of no use any more, as SQLAlchemy does; return the typed error."""
    driver: Any = connection.connection.driver_connection
    closed = bool(driver.is_closed())
    if closed or not isinstance(error, Exception) or breaks_driver(error):
        await session.run_sync(lambda _: connection.invalidate(error))
    return translate_driver(error, closed=closed) if isinstance(error, Exception) else None
