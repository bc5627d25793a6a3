"""The database work of one request: its session, and what becomes of it before the bytes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fastgres.errors import ConfigurationError, LateCommitError, UncommittedChangesError
from fastgres.observability import get_logger

if TYPE_CHECKING:
    from fastgres.db import Session
    from fastgres.http.lifecycle import Lifecycle

log = get_logger(__name__)

CLOSE_DEADLINE = 5.0
"""Seconds a session may take to roll back and give its connection back."""


class RequestUnit:
    """Hold the one session of a request; made when first asked for, closed before the bytes."""

    __slots__ = ("_ended", "_session", "lifecycle")

    def __init__(self, lifecycle: Lifecycle, *, ended: bool = False) -> None:
        self.lifecycle = lifecycle
        self._session: Session | None = None
        self._ended = ended

    @property
    def session(self) -> Session:
        """The session; raises ConfigurationError once the response has begun."""
        if self._ended:
            raise ConfigurationError(
                "The session of this request is closed: its response has begun, and the "
                "connection went back to the pool before the first byte. For a streamed response "
                "or a background task open one of your own: "
                "`async with database.session() as session:` (see DatabaseDep)."
            )
        if self._session is None:
            self._session = self.lifecycle.opened_database.session()
        return self._session

    def bar(self, reason: str) -> None:
        """Take no more statements on the session; it is closed with the first byte as ever."""
        if self._session is not None:
            self._session.bar(reason)

    async def settle(self, status: int) -> None:
        """Decide what becomes of the work before the first byte of the response leaves.

        A successful response over uncommitted changes is a lie: refused in development and
        tests, logged and counted in production. One over a unit that is still open promises what
        its COMMIT may refuse: refused everywhere.
        """
        session = self._session
        if session is not None:
            if status < 400 and session.in_unit:
                raise LateCommitError(session.uncommitted())
            if status < 400 and session.in_transaction():
                await self._check(session)
            await self.close()
        self._ended = True

    async def _check(self, session: Session) -> None:
        """Look more closely where a fault raises: production pays no round trip for it."""
        strict = self.lifecycle.settings.raises_on_uncommitted
        changes = await session.find_uncommitted() if strict else session.uncommitted()
        if not changes:
            return
        error = UncommittedChangesError(changes)
        self.lifecycle.lost_writes += 1
        if strict:
            raise error
        log.error("uncommitted changes rolled back", changes=changes, hint=str(error))

    async def close(self) -> None:
        """Roll back what is open and give the connection back, within a deadline."""
        session, self._session, self._ended = self._session, None, True
        if session is None:
            return
        if not session.in_transaction():
            await session.close()
            return
        try:
            async with asyncio.timeout(CLOSE_DEADLINE):
                await session.close()
        except Exception as error:  # noqa: BLE001 - the answer stands; the pool drops the connection
            log.warning("session not closed cleanly", error=f"{type(error).__name__}: {error}")

    async def abandon(self) -> None:
        """Close although the request's task is being cancelled, perhaps twice."""
        if self._session is None or not self._session.in_transaction():
            await self.close()
            return
        closing = asyncio.ensure_future(self.close())
        self.lifecycle.close_later(closing)
        await asyncio.shield(closing)
