"""One SELECT in one round trip: beside SQLAlchemy where nobody misses it, else through it."""

from __future__ import annotations

import asyncio
import logging
from time import monotonic
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession

from fastgres.db.attempt import PROMPTLY, attempt
from fastgres.db.faults import is_disconnect, sqlstate, translate, translate_driver
from fastgres.db.idle import has_room, lender_of
from fastgres.db.session import Session
from fastgres.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    from sqlalchemy import Dialect, Row
    from sqlalchemy.orm import Session as SyncSession

    from fastgres.db.idle import Lender, Loan

_TURNS = "fastgres_turns"
"""Execution option of a connection: the lock that its readers take turns with."""


async def fetch_row(
    source: AsyncSession | AsyncConnection | AsyncEngine,
    sql: str,
    arguments: Sequence[object] = (),
) -> Sequence[Any] | None:
    """Run one SELECT in one round trip and return its first row, or None.

    The placeholders are `$1`, `$2`, the arguments as asyncpg takes them, and columns are read by
    position. An engine, or a session outside a transaction, lends an idle connection of its pool:
    no BEGIN, no ping; one that has died meanwhile is replaced and the SELECT sent again. A
    connection, or a session in a transaction, runs it there and sees its own writes.

    Raises what a session raises for the same statement; a bug stays the driver's error. It goes
    through SQLAlchemy when the engine has listeners for statements or transactions, or logs them,
    and with pools other than `AsyncAdaptedQueuePool`.

    ```python
    from fastgres.db import fetch_row

    row = await fetch_row(database.engine, "SELECT $1::int + 1", [41])
    assert row is not None and row[0] == 42
    ```
    """
    if isinstance(source, AsyncEngine):
        engine = source.sync_engine
    elif (free := _engine_of(source)) is not None:
        engine = free
    else:
        return await _typed(_inside(source, sql, arguments))
    loan = await borrow(engine)
    if loan is None:
        return await _typed(_outside(engine, sql, arguments))
    return await attempt(loan, sql, arguments)


async def borrow(engine: Engine) -> Loan | None:
    """Lend an idle connection, or None where a new one is to be made, or SQLAlchemy to see it."""
    lender = _lender_of(engine)
    if lender is None:
        return None
    loan = lender.lend(engine)
    if loan is None and not has_room(engine.pool):
        loan = await lender.lend_next(engine)
    return loan


def _engine_of(source: AsyncSession | AsyncConnection) -> Engine | None:
    """Return the engine of a session that has begun nothing, else None."""
    if isinstance(source, Session):
        return source.idle_engine()
    if isinstance(source, AsyncConnection) or source.in_transaction():
        return None
    if source.sync_session.dispatch.after_begin:
        return None
    bind = source.sync_session.get_bind()
    return bind if isinstance(bind, Engine) else None


def _lender_of(engine: Engine) -> Lender | None:
    """Return who lends idle connections, or None when SQLAlchemy must have a hand in it."""
    _require_asyncpg(engine.dialect)
    pool, statements = engine.pool, engine.dispatch
    events = pool.dispatch
    watched = (
        statements.before_cursor_execute
        or statements.after_cursor_execute
        or statements.begin
        or events.checkout
        or events.checkin
        or events.reset
        or engine.logger.isEnabledFor(logging.INFO)
    )
    return None if watched else lender_of(pool)


async def _outside(engine: Engine, sql: str, arguments: Sequence[object]) -> Row[Any] | None:
    began = monotonic()
    try:
        return await _on_engine(engine, sql, arguments)
    except DBAPIError as error:
        lost = error.connection_invalidated or is_disconnect(sqlstate(error))
        if not lost or monotonic() - began > PROMPTLY:
            raise
    return await _on_engine(engine, sql, arguments)


async def _on_engine(engine: Engine, sql: str, arguments: Sequence[object]) -> Row[Any] | None:
    async with AsyncEngine(engine).connect() as connection:
        if not engine.dispatch.begin:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
        try:
            return (await connection.exec_driver_sql(sql, tuple(arguments))).first()
        except DBAPIError as error:
            if is_disconnect(sqlstate(error)):
                await connection.invalidate(error)
            raise


async def _inside(
    source: AsyncSession | AsyncConnection, sql: str, arguments: Sequence[object]
) -> Row[Any] | None:
    if isinstance(source, AsyncSession):
        return await source.run_sync(_flush_and_fetch, sql, tuple(arguments))
    _require_asyncpg(source.dialect)
    half = source.sync_connection
    turns = None if half is None else half.get_execution_options().get(_TURNS)
    if turns is None:
        return (await source.exec_driver_sql(sql, tuple(arguments))).first()
    async with turns, source.begin_nested():
        return (await source.exec_driver_sql(sql, tuple(arguments))).first()


def joined(connection: AsyncConnection) -> AsyncConnection:
    """Let reads on the connection behave as if each had one of its own.

    For tests that share one connection: reads take turns, and one that fails does not break the
    transaction that is open on it.
    """
    if connection.sync_connection is not None:
        connection.sync_connection.execution_options(**{_TURNS: asyncio.Lock()})
    return connection


def _flush_and_fetch(
    session: SyncSession, sql: str, arguments: tuple[object, ...]
) -> Row[Any] | None:
    if session.autoflush:
        session.flush()
    connection = session.connection()
    _require_asyncpg(connection.dialect)
    return connection.exec_driver_sql(sql, arguments).first()


async def _typed(running: Awaitable[Row[Any] | None]) -> Row[Any] | None:
    """Raise the typed errors also where the engine is not of our making."""
    try:
        return await running
    except (DBAPIError, PoolTimeoutError, OSError) as error:
        typed = (
            translate_driver(error, closed=False)
            if isinstance(error, OSError)
            else translate(error)
        )
        if typed is None:
            raise
        raise typed from error


def _require_asyncpg(dialect: Dialect) -> None:
    if dialect.driver != "asyncpg":
        raise ConfigurationError(
            f"A SELECT was to be run on an engine with the driver {dialect.name}+{dialect.driver}. "
            "fastgres reads PostgreSQL through asyncpg, whose placeholders and results it uses; "
            "make the engine with create_async_engine('postgresql+asyncpg://...')."
        )
