"""Looking after the tables for as long as a process runs."""

from __future__ import annotations

import asyncio
import random
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from fastgres.errors import ProblemError, ServerUnavailableError
from fastgres.observability import get_logger
from fastgres.tables.holdups import warn_of_holdups
from fastgres.tables.pruning import prune

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy.ext.asyncio import AsyncEngine

log = get_logger(__name__)


async def keep_tables(engine: AsyncEngine, *, every: float = 60.0) -> None:
    """Prune and warn of holdups about `every` seconds, for ever; workers run it.

    A round that fails is logged, except where the server is away, and made up for by the next.

    ```python
    import asyncio

    from fastgres.tables import keep_tables

    upkeep = asyncio.create_task(keep_tables(database.engine))
    upkeep.cancel()
    ```
    """
    while True:
        await asyncio.sleep(every * random.uniform(0.5, 1.5))  # noqa: S311 - no secret, only spread
        try:
            await prune(engine)
            await warn_of_holdups(engine)
        except ServerUnavailableError as error:
            log.debug("tables not looked after", error=error.code)
        except (ProblemError, SQLAlchemyError) as error:
            log.warning("tables not looked after", error=type(error).__name__, detail=str(error))


@asynccontextmanager
async def tables_kept(engine: AsyncEngine, *, every: float = 60.0) -> AsyncIterator[None]:
    """Look after the tables beside the block: in services with idempotent routes, without jobs.

    ```python
    from fastgres.tables import tables_kept

    async with tables_kept(database.engine):
        ...
    ```
    """
    upkeep = asyncio.create_task(keep_tables(engine, every=every), name="upkeep of tables")
    try:
        yield
    finally:
        upkeep.cancel()
        with suppress(asyncio.CancelledError):
            await upkeep
