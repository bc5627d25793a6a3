"""Units of work that lost a race with another transaction, run again as a whole."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from asyncpg import PostgresError
from sqlalchemy.exc import DBAPIError

from fastgres.db.faults import is_stale, sqlstate, translate
from fastgres.errors import ConfigurationError, FastgresError, SerializationFailureError
from fastgres.observability import get_logger

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from contextlib import AbstractAsyncContextManager

    from sqlalchemy.orm import Session as SyncSession

Result = TypeVar("Result")

_LOST_RACE: Final = frozenset({"40001", "40P01"})
_SHORTEST, _LONGEST = 0.01, 0.2
"""Seconds; a pause is drawn from between them, so that those who met do not meet again."""

log = get_logger(__name__)


class Retried(Protocol):
    """The session whose units are run again."""

    sync_session: SyncSession

    @property
    def in_unit(self) -> bool:
        """Tell whether a unit is open."""
        ...

    @property
    def is_made(self) -> bool:
        """Tell whether it has a memory."""
        ...

    def begin(self) -> AbstractAsyncContextManager[object]:
        """Return a unit to enter."""
        ...

    async def find_uncommitted(self) -> tuple[str, ...]:
        """Name what is not committed."""
        ...

    async def rollback(self) -> None:
        """End the transaction."""
        ...


def is_retryable(error: BaseException) -> bool:
    """Tell whether the transaction lost a race and would do the same work if run again.

    A serialization failure (40001), a deadlock (40P01), or a statement that a migration has made
    stale, typed or as the driver raised it. Not a connection that was lost: its COMMIT may have
    succeeded.

    ```python
    from fastgres.db import is_retryable
    from fastgres.errors import SerializationFailureError, ServerUnavailableError

    assert is_retryable(SerializationFailureError())
    assert not is_retryable(ServerUnavailableError())
    ```
    """
    if isinstance(error, FastgresError):
        return isinstance(error, SerializationFailureError)
    if not isinstance(error, DBAPIError | PostgresError):
        return False
    return sqlstate(error) in _LOST_RACE or is_stale(error)


def draw_pause() -> float:
    """Return the seconds to wait before a unit is run again: 10 to 200 ms, by chance.

    ```python
    from fastgres.db import draw_pause

    assert 0.01 <= draw_pause() <= 0.2
    ```
    """
    return random.uniform(_SHORTEST, _LONGEST)  # noqa: S311 - spreads work, keeps no secret


async def run_retried(
    session: Retried, work: Callable[[], Awaitable[Result]], *, attempts: int
) -> Result:
    """Run the work in a unit, again while it loses races and attempts are left."""
    if session.in_unit:
        async with session.begin():
            return await work()
    _require_attempts(attempts)
    attempt = 1
    while True:
        try:
            return await _run_once(session, work)
        except Exception as error:
            if not is_retryable(error):
                raise
            if attempt >= attempts:
                raise translate(error) or error from error.__cause__
            log.info("unit retried", attempt=attempt, error=sqlstate(error))
        attempt += 1
        await asyncio.sleep(draw_pause())


async def _run_once(session: Retried, work: Callable[[], Awaitable[Result]]) -> Result:
    strangers = await _renew(session)
    async with session.begin():
        result = await work()
        _refuse_changes_of(strangers, session)
    return result


async def _renew(session: Retried) -> list[object]:
    """Make the session as new, the first time too; return the rows that it has forgotten.

    A row that was read before belongs to a transaction that is over by the second attempt, and
    what was decided by it would be decided without it. That must not show only under load.
    """
    if not session.is_made:
        return []
    if changes := await session.find_uncommitted():
        raise ConfigurationError(
            f"The session had changes when `retry` was called: {', '.join(changes)}. They would be "
            "in the first attempt and in no other. Make them inside the work that is retried."
        )
    strangers = list(session.sync_session.identity_map.values())
    session.sync_session.expunge_all()
    await session.rollback()  # allow FG101: it has only read, and the unit begins anew
    return strangers


def _refuse_changes_of(strangers: list[object], session: Retried) -> None:
    """Refuse changes of rows that the session no longer knows: nothing would write them."""
    half = session.sync_session
    changed = {
        type(row).__name__
        for row in strangers
        if row not in half and half.is_modified(row, include_collections=False)
    }
    if changed:
        raise ConfigurationError(
            f"Changed inside `retry` but read before it: {', '.join(sorted(changed))}. Each "
            "attempt begins with an empty session, so the change would be lost. Read inside the "
            "work what it changes."
        )


def _require_attempts(attempts: int) -> None:
    if attempts < 1:
        raise ConfigurationError(f"`retry` was given attempts={attempts}; the least is 1.")
