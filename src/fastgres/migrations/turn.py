"""Taking turns: of many processes that start at once, one migrates."""

from __future__ import annotations

import asyncio
import random
from contextlib import asynccontextmanager, suppress
from threading import Lock
from typing import TYPE_CHECKING, Final

from fastgres.errors import UnavailableError
from fastgres.migrations import sql
from fastgres.observability import get_logger

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

log = get_logger(__name__)

_POLL: Final = 0.1
_ALEMBIC = Lock()


@asynccontextmanager
async def turn(engine: AsyncEngine, is_done: Callable[[], Awaitable[bool]]) -> AsyncIterator[bool]:
    """Wait until no other process migrates; yield whether there is still something to do.

    The lock is held by an open transaction on a connection of its own. It is tried again and
    again, never waited for: a statement that waits holds a snapshot for as long, and CREATE INDEX
    CONCURRENTLY of the process that migrates would wait for that snapshot, each for the other.
    The transaction that has the lock idles without one.
    """
    connection = await engine.connect()
    try:
        if await _wait(connection, is_done):
            await connection.execute(sql.LET_GO_OF_SNAPSHOT)
            yield not await is_done()
        else:
            yield False
    finally:
        # What happened in the block matters more than a lock that ended before it.
        with suppress(UnavailableError):
            await connection.close()


async def _wait(connection: AsyncConnection, is_done: Callable[[], Awaitable[bool]]) -> bool:
    """Return whether the lock was taken; it was not when the work has been done meanwhile."""
    waited = False
    while not (await connection.execute(sql.TRY_TURN)).scalar_one():
        await connection.rollback()
        if not waited:
            log.info("waiting for another process that migrates")
        waited = True
        await asyncio.sleep(_POLL * random.uniform(0.5, 1.5))  # noqa: S311 - spreads the tries
        if await is_done():
            return False
    return True


@asynccontextmanager
async def alembic_to_itself() -> AsyncIterator[None]:
    """Let one task of this process into Alembic: its `op` and `context` are global."""
    while not _ALEMBIC.acquire(blocking=False):  # noqa: ASYNC110 - also held by other threads
        await asyncio.sleep(_POLL)
    try:
        yield
    finally:
        _ALEMBIC.release()
