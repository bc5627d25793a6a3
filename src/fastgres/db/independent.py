"""Writes that stay although the unit around them is refused: a connection and a unit of their own.

A request that waits for a second connection of the pool that its first one is from can wait for
ever: when all do so, nobody gives one back. So the connections here are from a pool of their own,
and who holds one never waits for another.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession

from fastgres.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable

    from sqlalchemy.orm import Session as SyncSession
    from sqlalchemy.orm import SessionTransaction

Own = TypeVar("Own", bound=AsyncSession)


@asynccontextmanager
async def open_independent(outer: SyncSession, aside: Awaitable[Own]) -> AsyncIterator[Own]:
    """Open the session that `aside` gives, and a unit in it, beside the outer session."""
    own = await aside
    event.listen(outer, "after_begin", _refuse_second)
    try:
        async with own, own.begin():
            yield own
    finally:
        event.remove(outer, "after_begin", _refuse_second)


def _refuse_second(_session: SyncSession, transaction: SessionTransaction, _on: Any) -> None:
    """Refuse the outer session a connection that it did not have when the unit was opened."""
    if transaction.parent is None:
        raise ConfigurationError(
            "The outer session took its connection inside `async with session.independent()`. "
            "Two connections taken in this order can wait for each other for ever when many "
            "requests do so at once. Inside use only the session that independent() gives, and "
            "the outer one before it or after it."
        )


async def refuse_unknown(_session: object) -> NoReturn:
    """Be asked for a connection aside by a session that no `Database` has made."""
    raise ConfigurationError(
        "`independent()` was called on a session that was not made by `Database.session()`, so "
        "there is no pool that could give a second connection. Make sessions with "
        "`database.session()`, or ask for SessionDep."
    )


async def refuse_nested(_session: object) -> NoReturn:
    """Be asked for a connection aside by who already has one."""
    raise ConfigurationError(
        "`independent()` was called inside an independent unit. Holding one connection of a small "
        "pool while waiting for another stops the service when many do so. Write what belongs "
        "together in one independent unit, or open the second after the first."
    )
