"""The session: opened on first use, written through one unit of work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asyncpg import InterfaceError, PostgresError
from sqlalchemy import Engine
from sqlalchemy.ext.asyncio import (
    AsyncConnection,
    AsyncEngine,
    AsyncSession,
    AsyncSessionTransaction,
)

from fastgres.db import sql
from fastgres.db.recording import SAMPLE, WRITES, RecordingSession
from fastgres.errors import ConfigurationError

if TYPE_CHECKING:
    from types import TracebackType


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

    __slots__ = ("_adopted",)

    def __init__(self, session: Session) -> None:
        super().__init__(session, nested=session.in_unit)
        self._adopted = False

    async def start(self, is_ctxmanager: bool = False) -> UnitOfWork:  # noqa: FBT001, FBT002  SQLAlchemy's signature
        """Begin the unit: adopt the open transaction, begin one, or set a savepoint."""
        if not is_ctxmanager:
            raise ConfigurationError(
                "A unit of work was begun with `await session.begin()`, which leaves open when it "
                "ends. Write `async with session.begin():` around what belongs together."
            )
        session = self.session
        if not self.nested and session.in_transaction():
            self._adopted = True
            self._session.enter_unit()
            return self
        await super().start(is_ctxmanager=is_ctxmanager)
        self._session.enter_unit()
        return self

    async def __aexit__(
        self,
        type_: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._session.leave_unit()
        if not self._adopted:
            await super().__aexit__(type_, value, traceback)
        elif type_ is None:
            await self._commit_adopted()
        else:
            await self.session.rollback()  # allow FG101: this is the unit of work

    async def _commit_adopted(self) -> None:
        try:
            await self.session.commit()  # allow FG101: this is the unit of work
        except BaseException:
            await self.session.rollback()  # allow FG101: this is the unit of work
            raise

    @property
    def _session(self) -> Session:
        session: Any = self.session
        return session  # type: ignore[no-any-return]  # UnitOfWork is only made by Session.begin


class Session(AsyncSession):
    """An `AsyncSession` with one way to write: `async with session.begin():`.

    It takes a connection at its first statement, keeps attributes readable after a commit,
    leaves soft-deleted rows out, and raises the typed errors of `fastgres.errors`. One session
    belongs to one request or job and to one task; after `close()` it refuses every statement.

    ```python
    from sqlalchemy import func, select
    from shop.models import Customer

    async with session.begin():
        session.add(Customer(email="ada@example.com", name="Ada"))
    assert await session.scalar(select(func.count()).select_from(Customer)) >= 1
    ```
    """

    sync_session_class = RecordingSession

    _made = True

    def __init__(self, bind: Any, **options: Any) -> None:
        self._units = 0
        self._ended = False
        self._target = bind
        self._made = False
        if options:
            self._make(**options)

    def _make(self, **options: Any) -> None:
        self._made = True
        super().__init__(self._target, expire_on_commit=False, close_resets_only=False, **options)
        if self._ended:
            self.sync_session.close()

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Make the synchronous half when something of it is first asked for.

            A request may ask for a session and only read beside it; to make and close a half
            that is not used costs more than the read.
            """
            if self._made:
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            self._make()
            return getattr(self, name)

    def in_transaction(self) -> bool:
        """Tell whether a transaction has begun, by a statement or by a change of a row."""
        return self._made and super().in_transaction()

    @property
    def target(self) -> AsyncEngine | AsyncConnection:
        """The engine or connection that it was made on, asked for without making its half."""
        target: AsyncEngine | AsyncConnection = self._target
        return target

    @property
    def is_made(self) -> bool:
        """Tell whether the session has a synchronous half, and with it a memory."""
        return self._made

    def idle_engine(self) -> Engine | None:
        """Return the engine on which the first statement would begin a transaction.

        None once one has begun, for a session on a connection, after `close()`, and where
        somebody listens for the beginning, as for settings that row level security asks for.
        """
        if self._ended or self.in_transaction():
            return None
        if (self.sync_session if self._made else SAMPLE).dispatch.after_begin:
            return None
        bind = self.sync_session.get_bind() if self._made else self._target
        engine = bind.sync_engine if isinstance(bind, AsyncEngine) else bind
        return engine if isinstance(engine, Engine) else None

    async def close(self) -> None:
        """Roll back what is open, give the connection back, and refuse every further statement."""
        self._ended = True
        if self.in_transaction():
            await super().close()
        elif self._made:
            self.sync_session.close()  # has no connection, so that nothing needs to be awaited

    async def invalidate(self) -> None:
        """Close the session and drop its connection."""
        self._ended = True
        await super().invalidate()

    async def __aexit__(
        self,
        type_: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the session, also while its task is being cancelled."""
        if self.in_transaction():
            await super().__aexit__(type_, value, traceback)
        else:
            await self.close()

    def begin(self) -> UnitOfWork:
        """Return the unit of work to enter with `async with`."""
        return UnitOfWork(self)

    @property
    def in_unit(self) -> bool:
        """Tell whether a unit of work is open."""
        return self._units > 0

    def enter_unit(self) -> None:
        """Count a unit that was begun."""
        self._units += 1

    def leave_unit(self) -> None:
        """Count a unit that has ended."""
        self._units -= 1

    def uncommitted(self) -> tuple[str, ...]:
        """Name what was added, changed or deleted and not committed, in words.

        Empty when nothing would be lost by closing the session now.

        ```python
        from shop.models import Customer

        session.add(Customer(email="ada@example.com", name="Ada"))
        assert session.uncommitted() == ("new Customer",)
        ```
        """
        if not self.in_transaction():
            return ()
        session = self.sync_session
        pending = [
            *(f"new {type(row).__name__}" for row in session.new),
            *(f"changed {type(row).__name__}" for row in session.dirty if session.is_modified(row)),
            *(f"deleted {type(row).__name__}" for row in session.deleted),
        ]
        return tuple(dict.fromkeys([*session.info.get(WRITES, ()), *pending]))

    async def find_uncommitted(self) -> tuple[str, ...]:
        """Name what is not committed; ask the server too, which knows of every write.

        SQL text, a CTE that inserts, TRUNCATE and statements on the raw connection pass SQLAlchemy
        unseen. Costs a round trip when a transaction is open. A session that shares its
        connection, as in a rolled back test, cannot ask: the transaction is not its own.

        ```python
        assert await session.find_uncommitted() == ()
        ```
        """
        changes = self.uncommitted()
        if changes or not self.in_transaction() or isinstance(self.bind, AsyncConnection):
            return changes
        return ("a write that SQLAlchemy did not see",) if await self._has_written() else ()

    async def _has_written(self) -> bool:
        """Ask beside SQLAlchemy, so that nobody who counts statements counts this one."""
        raw = await (await self.connection()).get_raw_connection()
        driver: Any = raw.driver_connection
        try:
            return bool(await driver.fetchval(sql.HAS_WRITTEN))
        except (PostgresError, InterfaceError):
            return False
