"""One statement that writes, in one round trip: a transaction of its own, or in the session's.

It is never sent a second time once it may have reached the server.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from asyncpg import PostgresError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine

from fastgres.db.attempt import attempt
from fastgres.db.direct import borrow
from fastgres.db.faults import is_disconnect, sqlstate, translate, translate_driver
from fastgres.db.inside import run_inside
from fastgres.db.surroundings import awaits_commit

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    from sqlalchemy import Engine

    from fastgres.db.constraints import Constraints
    from fastgres.db.session import Session

    Row = Sequence[Any] | None

Result = TypeVar("Result")


def lone_engine(session: Session) -> Engine | None:
    """Return the engine on which a write of this session commits by itself, or None.

    None in a unit or any other open transaction, and where somebody listens for the transactions
    of the session: the write belongs into one then.

    ```python
    from fastgres.db import lone_engine

    async with session.begin():
        assert lone_engine(session) is None
    ```
    """
    if session.in_unit or awaits_commit(session):
        return None
    return session.idle_engine()


async def write_alone(
    engine: Engine, sql: str, arguments: Sequence[object], *, constraints: Constraints
) -> Sequence[Any] | None:
    """Run one statement that writes and commit it, in one round trip; return its first row.

    The placeholders are `$1`, `$2`, the arguments as asyncpg takes them. The statement is sent
    once. `ServerUnavailableError` (503) means that a connection was lost, and after it was sent
    nobody knows whether the statement was committed. `constraints` give violations their fields.

    ```python
    from fastgres.db import Constraints, write_alone
    from shop.models import Base

    engine = database.engine.sync_engine
    sell_out = "UPDATE products SET stock = $1 RETURNING id"
    assert await write_alone(engine, sell_out, [0], constraints=Constraints(Base.metadata)) is None
    ```
    """
    loan = None if engine.dispatch.commit else await borrow(engine)
    if loan is None:
        return await _typed(_on_engine(engine, sql, arguments), constraints)
    return await _typed(attempt(loan, sql, arguments, writes=True), constraints)


async def write_inside(
    session: Session,
    sql: str,
    arguments: Sequence[object],
    *,
    change: str,
    constraints: Constraints,
) -> Sequence[Any] | None:
    """Run one statement that writes in the session's transaction, after a flush.

    `change` says what it does, such as `"new Customer"`, to who asks the session what is not
    committed. Nothing is committed here.

    ```python
    from fastgres.db import Constraints, write_inside
    from shop.models import Base

    rules = Constraints(Base.metadata)
    sell_out = "UPDATE products SET stock = $1 RETURNING id"
    async with session.begin():
        await write_inside(session, sell_out, [0], change="sold out", constraints=rules)
        assert session.uncommitted() == ("sold out",)
    ```
    """
    await session.flush()
    rows = await _typed(run_inside(session, sql, arguments, change=change), constraints)
    return rows[0] if rows else None


async def _on_engine(engine: Engine, sql: str, arguments: Sequence[object]) -> Row:
    """Let SQLAlchemy make or ping the connection, and send the statement once."""
    heard = engine.dispatch.begin or engine.dispatch.commit
    async with AsyncEngine(engine).connect() as connection:
        if not heard:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
        try:
            row = (await connection.exec_driver_sql(sql, tuple(arguments))).first()
            if heard:
                await connection.commit()
        except DBAPIError as error:
            if is_disconnect(sqlstate(error)):
                await connection.invalidate(error)
            raise
        return row


async def _typed(running: Awaitable[Result], constraints: Constraints) -> Result:
    """Raise the typed errors also where the engine is not of our making."""
    try:
        return await running
    except OSError as error:
        raise translate_driver(error, closed=False) or error from error
    except (DBAPIError, PoolTimeoutError, PostgresError) as error:
        cause: BaseException = error
        if isinstance(error, DBAPIError) and error.orig is not None:
            cause = error.orig.__cause__ or error
        typed = translate(error) or translate(cause, constraints=constraints)
        if typed is None:
            raise
        raise typed from error
