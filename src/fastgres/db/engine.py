"""The engine: SQLAlchemy's pool over connections of ours, errors typed at the source."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from sqlalchemy import AsyncAdaptedQueuePool, NullPool, event
from sqlalchemy.ext.asyncio import create_async_engine

from fastgres.db.faults import raise_typed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import asyncpg
    from sqlalchemy import Dialect
    from sqlalchemy.ext.asyncio import AsyncEngine

    from fastgres.db.constraints import Constraints
    from fastgres.settings import Settings

_DIALECT = "postgresql+asyncpg://"


def make_engine(
    connect: Callable[[], Awaitable[asyncpg.Connection]],
    settings: Settings,
    constraints: Constraints,
) -> AsyncEngine:
    """Make an engine; it opens no connection before the first statement.

    Statements are cached by SQLAlchemy and prepared by asyncpg. Parameters are left out of
    messages and logs.
    """
    engine = create_async_engine(
        _DIALECT,
        async_creator=connect,
        hide_parameters=True,
        execution_options={"fastgres_notify": settings.job_notifications},
        **_pooling(settings),
    )
    _spare_pings(engine.dialect)
    event.listen(
        engine.sync_engine,
        "handle_error",
        partial(raise_typed, constraints=constraints),
        retval=True,
    )
    return engine


def _pooling(settings: Settings) -> dict[str, Any]:
    if settings.database_pooler == "transaction":
        return {
            "poolclass": NullPool,
            "connect_args": {
                "prepared_statement_cache_size": 0,
                "prepared_statement_name_func": _unique_statement_name,
            },
        }
    return {
        "poolclass": AsyncAdaptedQueuePool,
        "pool_size": settings.database_pool_size,
        "max_overflow": settings.database_max_overflow,
        "pool_timeout": settings.database_pool_timeout,
        "pool_recycle": settings.database_pool_recycle,
        "pool_pre_ping": True,
        "pool_use_lifo": True,
    }


def _spare_pings(dialect: Dialect) -> None:
    """Ask only connections that have been idle for a while whether they still answer.

    A ping of asyncpg's dialect is a transaction of its own: three round trips before each unit of
    work. One that the server has closed in the meantime is known without it.
    """
    ping = dialect.do_ping

    def ping_if_idle(connection: Any) -> bool:
        return connection.driver_connection.is_fresh() or ping(connection)

    vars(dialect)["do_ping"] = ping_if_idle


def _unique_statement_name() -> str:
    """Never meet a statement that another client prepared on the same server connection."""
    return f"__fastgres_{uuid4()}__"
