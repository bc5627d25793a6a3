"""The session: opened on first use, written through one unit of work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from asyncpg import InterfaceError, PostgresError
from sqlalchemy import Engine
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession

from fastgres.db import sql
from fastgres.db.hooks import keep_hook
from fastgres.db.independent import open_independent, refuse_unknown
from fastgres.db.recording import SAMPLE, WRITES, RecordingSession
from fastgres.db.retrying import run_retried
from fastgres.db.unit import UnitOfWork
from fastgres.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from contextlib import AbstractAsyncContextManager
    from types import TracebackType

    from fastgres.db.hooks import Hook
    from fastgres.db.unit import Surrounding

Result = TypeVar("Result")


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

    def __init__(
        self,
        bind: Any,
        *,
        aside: Callable[[Session], Awaitable[Session]] = refuse_unknown,
        **options: Any,
    ) -> None:
        self._units = 0
        self._outer: Surrounding | None = None
        self._ended = False
        self._aside = aside
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

    def bar(self, reason: str) -> None:
        """Refuse every further statement with this `ConfigurationError`, until it is closed.

        ```python
        import pytest
        from fastgres.errors import ConfigurationError
        from sqlalchemy import select

        session.bar("The body of the response has begun.")
        with pytest.raises(ConfigurationError, match="has begun"):
            await session.scalar(select(1))
        ```
        """
        self._ended = True
        half: Any = self.sync_session
        half.bar(reason)

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

    @property
    def in_own_unit(self) -> bool:
        """Tell whether a unit is open that is not only the one around those to come."""
        return self._units > (0 if self._outer is None else 1)

    def enter_unit(self) -> None:
        """Count a unit that was begun."""
        self._units += 1

    def leave_unit(self) -> None:
        """Count a unit that has ended."""
        self._units -= 1

    def surround(self, outer: Surrounding | None) -> None:
        """Have units begin inside of the transaction of `outer` from now on."""
        self._outer = outer

    async def join(self) -> Surrounding | None:
        """Return the transaction that the next unit is, None when it is one of its own."""
        outer = self._outer
        if outer is not None and self._units == 1 and await outer.admit():
            return outer
        return None

    async def retry(self, work: Callable[[], Awaitable[Result]], *, attempts: int = 3) -> Result:
        """Run the work in a unit of its own, and again when it loses a race.

        For serialization failures and deadlocks: the whole unit is rolled back and `work` is
        called anew after 10 to 200 ms, without a connection meanwhile. Raises
        `SerializationFailureError` (503 with Retry-After) after the last of `attempts`; all other
        errors at once. Inside a unit it is a savepoint and tries once, as only the outermost unit
        can be run again.

        Each attempt begins with an empty session and a new transaction, the first one too. So
        `work` reads what it decides by and what it changes, and does nothing twice that the
        database cannot take back, such as sending mail.

        ```python
        from shop.models import Product
        from sqlalchemy import update

        async def restock() -> None:
            await session.execute(update(Product).values(stock=Product.stock + 1))

        await session.retry(restock)
        ```
        """
        return await run_retried(self, work, attempts=attempts)

    def independent(self) -> AbstractAsyncContextManager[Session]:
        """Open a unit that stays although the one around it is refused.

        Gives a session in a unit of its own, on a connection from a small pool beside the other
        (`DATABASE_INDEPENDENT_POOL_SIZE`): a counter of failed logins, an audit line. It commits
        when its block ends, and does not see what the outer unit has not committed. A row that the
        outer unit has written cannot be written in it: it waits until `database_lock_timeout`.

        ```python
        from shop.models import Customer
        from sqlalchemy import select

        try:
            async with session.begin():
                async with session.independent() as own:
                    own.add(Customer(email="ada@example.com", name="Ada"))
                raise PermissionError
        except PermissionError:
            assert await session.scalar(select(Customer.name)) == "Ada"
        ```
        """
        return open_independent(self.sync_session, self._aside(self))

    def after_commit(self, hook: Hook) -> None:
        """Run an async function once the outermost unit is committed.

        Never after a rollback, also not of the savepoint in which it was given. Hooks run in
        their order before the `async with` of the unit ends; an error in one is logged and changes
        nothing. They may be lost: a process that dies after COMMIT has not run them. What must
        happen is a job, enqueued in the unit.

        ```python
        told: list[str] = []

        async def tell() -> None:
            told.append("committed")

        async with session.begin():
            session.after_commit(tell)
            assert told == []
        assert told == ["committed"]
        ```
        """
        if not self.in_unit:
            raise ConfigurationError(
                "`after_commit` was called outside of a unit of work, so there is no COMMIT to "
                "wait for. Call it inside `async with session.begin():`."
            )
        keep_hook(self.sync_session, hook)

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
        engine = self._target.sync_engine if isinstance(self._target, AsyncEngine) else None
        connection = await self.connection(bind_arguments={"bind": engine} if engine else None)
        raw = await connection.get_raw_connection()
        driver: Any = raw.driver_connection
        try:
            return bool(await driver.fetchval(sql.HAS_WRITTEN))
        except (PostgresError, InterfaceError):
            return False
