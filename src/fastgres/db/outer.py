"""One transaction around the units of work that somebody else opens in a session."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sqlalchemy.orm import SessionTransaction

    from fastgres.db.session import Session
    from fastgres.db.unit import UnitOfWork


class OuterUnit:
    """Hold a transaction around the units of others, of which the first needs no savepoint.

    That one is the transaction itself: when an error leaves it, all of it is rolled back, and
    another transaction begins in its place, as if nobody had been around. Once a unit has
    succeeded, or something was written outside of any, those that follow are savepoints.
    `before` is awaited before each unit; `turn` is another number in each transaction.

    ```python
    from fastgres.db import OuterUnit
    from shop.models import Customer

    outer = OuterUnit(session)
    await outer.enter()
    async with session.begin():
        session.add(Customer(email="ada@example.com", name="Ada"))
    await outer.leave(None)
    assert not session.in_transaction()
    ```
    """

    __slots__ = ("_before", "_root", "_session", "_succeeded", "_unit", "is_joined", "turn")

    def __init__(
        self, session: Session, before: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        self._session = session
        self._before = before
        self._unit: UnitOfWork | None = None
        self._root: SessionTransaction | None = None
        self._succeeded = False
        self.is_joined = False
        """Whether a unit is open that is this transaction."""
        self.turn = 0

    @property
    def is_whole(self) -> bool:
        """Tell whether its transaction is open, and nobody else has ended it."""
        transaction = self._session.sync_session.get_transaction()
        return self._unit is not None and transaction is self._root

    async def enter(self) -> None:
        """Begin the transaction, or adopt the one that a read has begun."""
        self._succeeded = False
        unit = self._session.begin()
        await unit.__aenter__()
        self._unit = unit
        self._root = self._session.sync_session.get_transaction()
        self._session.surround(self)
        self.turn += 1

    async def leave(self, error: BaseException | None) -> None:
        """Commit, or roll back because of the error; do nothing when it has ended already."""
        unit, self._unit = self._unit, None
        self._session.surround(None)
        if unit is not None:
            await unit.__aexit__(None if error is None else type(error), error, None)

    async def admit(self) -> bool:
        """Let a unit begin; tell whether it is this transaction, and needs no savepoint."""
        if self._before is not None:
            await self._before()
        joins = not self._succeeded and self.is_whole and not self._session.uncommitted()
        self.is_joined = joins
        return joins

    async def release(self, error: BaseException | None) -> None:
        """End the unit that was this transaction: keep what it did, or begin anew without it."""
        self.is_joined = False
        if error is None:
            try:
                await self._flush()
            except BaseException as refused:
                await self._renew(refused)
                raise
            self._succeeded = True
        else:
            await self._renew(error)

    async def _flush(self) -> None:
        """Have refused here what the end of a unit refuses."""
        half = self._session.sync_session
        if half.new or half.dirty or half.deleted:
            await self._session.flush()

    async def _renew(self, error: BaseException) -> None:
        await self.leave(error)
        await self.enter()
