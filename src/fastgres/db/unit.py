"""The unit of work: the one way to commit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, cast

from sqlalchemy.ext.asyncio import AsyncSessionTransaction

from fastgres.db.hooks import run_hooks
from fastgres.db.open_units import forget_unit, note_unit
from fastgres.errors import ConfigurationError

if TYPE_CHECKING:
    import asyncio
    from types import TracebackType

    from sqlalchemy.ext.asyncio import AsyncSession


class Surrounding(Protocol):
    """A transaction around the units of a session: `OuterUnit`."""

    async def admit(self) -> bool:
        """Let a unit begin; tell whether it is this transaction, and needs no savepoint."""
        ...

    async def release(self, error: BaseException | None) -> None:
        """End the unit that was this transaction."""
        ...


class Counting(Protocol):
    """What a unit asks of its session."""

    @property
    def in_unit(self) -> bool:
        """Tell whether a unit is open."""
        ...

    def enter_unit(self) -> None:
        """Count a unit that was begun."""
        ...

    def leave_unit(self) -> None:
        """Count a unit that has ended."""
        ...

    async def join(self) -> Surrounding | None:
        """Return the transaction that the next unit is, None when it is one of its own."""
        ...

    def uncommitted(self) -> tuple[str, ...]:
        """Name what is written and not committed."""
        ...


class UnitOfWork(AsyncSessionTransaction):
    """One transaction, or one savepoint of it: all of it is committed, or none.

    Made by `Session.begin()`. The outermost unit commits when its block ends and rolls back
    when an error leaves it; a unit inside another is a savepoint, so that its error can be
    caught and the outer unit goes on. A transaction that an earlier read has opened is adopted.

    ```python
    from fastgres.errors import UniqueViolationError
    from shop.models import Customer

    async with session.begin():
        session.add(Customer(email="ada@example.com", name="Ada"))
        try:
            async with session.begin():
                session.add(Customer(email="ada@example.com", name="Impostor"))
        except UniqueViolationError as error:
            assert error.fields[0].location[-1] == "email"
    ```
    """

    __slots__ = ("_adopted", "_joined", "_task")

    def __init__(self, session: AsyncSession) -> None:
        super().__init__(session, nested=cast("Counting", session).in_unit)
        self._adopted = False
        self._joined: Surrounding | None = None
        self._task: asyncio.Task[Any] | None = None

    async def start(self, is_ctxmanager: bool = False) -> UnitOfWork:  # noqa: FBT001, FBT002  SQLAlchemy's signature
        """Begin the unit: adopt the open transaction, begin one, or set a savepoint."""
        if not is_ctxmanager:
            raise ConfigurationError(
                "A unit of work was begun with `await session.begin()`, which leaves open when it "
                "ends. Write `async with session.begin():` around what belongs together."
            )
        if self.nested:
            self._joined = await self._session.join()
        elif self.session.in_transaction():
            self._adopted = True
        if self._joined is None and not self._adopted:
            await super().start(is_ctxmanager=is_ctxmanager)
        self._session.enter_unit()
        if not self.nested:
            self._task = note_unit(self)
        return self

    async def __aexit__(
        self,
        type_: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._session.leave_unit()
        if self._joined is not None:
            await self._joined.release(value)
            return
        try:
            if not self._adopted:
                await super().__aexit__(type_, value, traceback)
            elif type_ is None:
                await self._commit_adopted()
            else:
                await self.session.rollback()  # allow FG101: this is the unit of work
        finally:
            if self._task is not None:
                forget_unit(self, self._task)
        if type_ is None and not self.nested:
            await run_hooks(self.session.sync_session)

    def changes(self) -> tuple[str, ...]:
        """Name what it has written so far, in words."""
        return self._session.uncommitted()

    async def _commit_adopted(self) -> None:
        try:
            await self.session.commit()  # allow FG101: this is the unit of work
        except BaseException:
            await self.session.rollback()  # allow FG101: this is the unit of work
            raise

    @property
    def _session(self) -> Counting:
        return cast("Counting", self.session)
