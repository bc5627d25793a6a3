"""Deleting what is no longer needed, a few rows at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from fastgres.tables import sql

if TYPE_CHECKING:
    from sqlalchemy import CursorResult, TextClause
    from sqlalchemy.ext.asyncio import AsyncEngine


async def prune(engine: AsyncEngine, *, size: int = 500, batches: int = 100) -> dict[str, int]:
    """Delete expired keys and results, old ticks and dead workers; return how many of each.

    Each batch of `size` rows is a transaction of its own, so that neither locks nor snapshots
    are held for long, and rows in use are left for the next time. At most `batches` a table.
    Workers call it every minute; while one is at it, others return at once.

    ```python
    from fastgres.tables import prune

    assert (await prune(database.engine))["idempotency"] == 0
    ```
    """
    pruned = dict.fromkeys(sql.PRUNED, 0)
    for table, statement in sql.PRUNED.items():
        for _ in range(batches):
            deleted = await _prune_batch(engine, statement, size=size)
            pruned[table] += deleted
            if deleted < size:
                break
    return pruned


async def _prune_batch(engine: AsyncEngine, statement: TextClause, *, size: int) -> int:
    async with engine.begin() as connection:
        if not await connection.scalar(sql.TRY_TURN):
            return 0
        result = await connection.execute(statement, {"size": size})
        return cast("CursorResult[Any]", result).rowcount
