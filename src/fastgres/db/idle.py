"""The idle connections of a pool, taken and given back beside SQLAlchemy.

SQLAlchemy has no public way to its pool without a greenlet. What it keeps to itself is used here
and nowhere else; `tests/db/test_idle.py` fails when it changes, and `lender_of` then answers None,
so that whoever asks takes the public way.
"""

from __future__ import annotations

import asyncio
from collections import deque
from time import time
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from asyncpg import InterfaceError, PostgresError
from sqlalchemy import AsyncAdaptedQueuePool
from sqlalchemy.pool import base
from sqlalchemy.util import greenlet_spawn

from fastgres.db import sql
from fastgres.db.faults import translate
from fastgres.errors import PoolExhaustedError, ServerUnavailableError

if TYPE_CHECKING:
    from sqlalchemy import Engine, Pool
    from sqlalchemy.pool import ConnectionPoolEntry

_SETTLING = 2.0
"""Seconds that a cancelled statement may take to end on the server."""

_PATIENCE = 1.0
"""Seconds that a cancelled task itself waits for that, so that it leaves nothing open."""

_STATEMENTS = "fastgres_statements"
_MOST_STATEMENTS = 256
"""Statements kept prepared on one connection; then the oldest is dropped for the next."""

_POOL_NUMBERS = ("_overflow", "_max_overflow", "_recycle", "_invalidate_time")
_RECORD_NAMES = ("starttime", "fresh", "_soft_invalidate_time", "get_connection")


class Loan:
    """One connection of a pool, lent until `give_back()`."""

    __slots__ = ("_engine", "_lender", "_pool", "_record")

    def __init__(self, lender: Lender, engine: Engine, *, pool: Pool, record: Any) -> None:
        self._lender = lender
        self._engine = engine
        self._pool: Any = pool
        self._record = record

    @property
    def driver(self) -> Any:
        """The connection of asyncpg; there is none after `drop()`."""
        return self._record.dbapi_connection.driver_connection

    @property
    def statements(self) -> dict[str, Any]:
        """The statements kept prepared on this connection, forgotten with it."""
        kept: dict[str, Any] = self._record.info.setdefault(_STATEMENTS, {})
        return kept

    async def prepare(self, text: str) -> Any:
        """Return a prepared statement and keep it with the connection.

        asyncpg would keep it too, but asks more of its cache at each use. Where it may keep none,
        because of a pooler, the statement has no name and is parsed again at each use.
        """
        statement = await self.driver.prepare(text)
        kept = self.statements
        if len(kept) >= _MOST_STATEMENTS:
            del kept[next(iter(kept))]
        kept[text] = statement
        return statement

    def is_usable(self) -> bool:
        """Tell whether the pool itself would lend the connection as it is."""
        record, pool = self._record, self._pool
        born = record.starttime
        return (
            record.dbapi_connection is not None
            and born >= pool._invalidate_time  # noqa: SLF001  see the module
            and born >= record._soft_invalidate_time  # noqa: SLF001  see the module
            and (pool._recycle < 0 or time() - born <= pool._recycle)  # noqa: SLF001  see the module
            and not self.driver.is_closed()
        )

    def is_closed(self) -> bool:
        """Tell whether there is no connection any more."""
        return self._record.dbapi_connection is None or bool(self.driver.is_closed())

    def is_current(self) -> bool:
        """Tell whether the engine still has this pool, and was not disposed of meanwhile."""
        return self._engine.pool is self._pool

    def drop(self, error: BaseException | None = None) -> None:
        """Close the connection at once; the record stays lent."""
        self._record.invalidate(error)

    async def renew(self) -> None:
        """Connect anew in place of a connection that is of no use; UnavailableError if in vain."""
        self.drop()
        try:
            await greenlet_spawn(self._record.get_connection)
        except Exception as error:
            cause = error.__cause__ or error
            if isinstance(cause, OSError | PostgresError | InterfaceError):
                raise translate(cause) or ServerUnavailableError() from error
            raise
        self._record.fresh = False  # so that SQLAlchemy pings it before use, as any idle one

    def give_back(self) -> None:
        """Return the connection to the pool, closed if nobody should have it next."""
        record = self._record
        if record.dbapi_connection is not None and (
            self._engine.pool is not self._pool or self.driver.is_in_transaction()
        ):
            self.drop()
        self._lender.take_back(self._pool, record)

    async def settle(self) -> None:
        """Give back what a cancelled statement may still run on, once the server has ended it.

        Goes on by itself when that takes longer, or when the task is cancelled again.
        """
        settling = asyncio.ensure_future(self._settle())
        _settlings.add(settling)
        settling.add_done_callback(_settlings.discard)
        await asyncio.wait({settling}, timeout=_PATIENCE)

    async def _settle(self) -> None:
        try:
            if self._record.dbapi_connection is not None:
                async with asyncio.timeout(_SETTLING):
                    await self.driver.execute(sql.PING)
        except BaseException as error:
            self.drop(error)
            if not isinstance(error, Exception):  # else nobody is there to be told
                raise
        finally:
            self.give_back()


_settlings: set[asyncio.Future[None]] = set()


class Lender:
    """Lend the idle connections of one pool; its `checkedout()` counts them as any other.

    Waiting is fair: who waits, here or for a session, gets the next connection, and a newcomer
    does not snatch it in between.
    """

    __slots__ = ("_line", "_promised", "_queue")

    def __init__(self, queue: Any) -> None:
        # Without a reference to the pool, which is the weak key that this is kept under.
        self._queue: asyncio.Queue[ConnectionPoolEntry] = queue
        self._line: deque[asyncio.Future[None]] = queue._getters  # noqa: SLF001  see the module
        self._promised = 0

    def lend(self, engine: Engine) -> Loan | None:
        """Lend an idle connection that nobody waits for, or return None."""
        if self._queue.qsize() > self._promised:
            return Loan(self, engine, pool=engine.pool, record=self._queue.get_nowait())
        return None

    async def lend_next(self, engine: Engine) -> Loan:
        """Lend the next connection that comes free; PoolExhaustedError after the pool's timeout.

        Waits in the line in which SQLAlchemy's own callers wait, at its end: `Queue.get()` would
        take at once what is promised to another, and have to be told about the timeout.
        """
        pool: Any = engine.pool
        loop, queue = asyncio.get_running_loop(), self._queue
        limit = loop.time() + pool.timeout()
        while True:
            turn = loop.create_future()
            self._line.append(turn)
            timer = loop.call_at(limit, _give_up, turn)
            try:
                await turn
            except BaseException:
                self._leave_line(turn)
                raise
            finally:
                timer.cancel()
            if not queue.empty():
                return Loan(self, engine, pool=pool, record=queue.get_nowait())

    def _leave_line(self, turn: asyncio.Future[None]) -> None:
        """Pass the turn on if it had come already, as `Queue.get()` does."""
        has_come = turn.done() and not turn.cancelled() and turn.exception() is None
        if turn in self._line:
            self._line.remove(turn)
        if has_come and not self._queue.empty():
            self._queue.put_nowait(self._queue.get_nowait())

    def take_back(self, pool: Any, record: ConnectionPoolEntry) -> None:
        """Make the connection idle again."""
        if self._line:
            self._promised += 1
            asyncio.get_running_loop().call_soon(self._keep_promise)
        try:
            self._queue.put_nowait(record)
        except asyncio.QueueFull:
            record.invalidate()
            pool._do_return_conn(record)  # noqa: SLF001  counts an overflow connection as closed

    def _keep_promise(self) -> None:
        self._promised -= 1


def _give_up(turn: asyncio.Future[None]) -> None:
    if not turn.done():
        turn.set_exception(PoolExhaustedError("No database connection came free in time."))


def has_room(pool: Any) -> bool:
    """Tell whether the pool may open one more connection."""
    return bool(pool._max_overflow < 0 or pool._overflow < pool._max_overflow)  # noqa: SLF001  see the module


_lenders: WeakKeyDictionary[Pool, Lender | None] = WeakKeyDictionary()


def lender_of(pool: Pool) -> Lender | None:
    """Return the lender of a pool; None for other kinds of pool and unknown releases."""
    try:
        return _lenders[pool]
    except KeyError:
        lender = _lenders[pool] = _make_lender(pool)
        return lender


def _make_lender(pool: Any) -> Lender | None:
    known = type(pool) is AsyncAdaptedQueuePool and _is_known(pool)
    return Lender(pool._pool._queue) if known else None  # noqa: SLF001  see the module


def _is_known(pool: Any) -> bool:
    """Tell whether SQLAlchemy and asyncio have all that this module uses."""
    queue = getattr(getattr(pool, "_pool", None), "_queue", None)
    record = getattr(base, "_ConnectionRecord", None)
    return (
        isinstance(queue, asyncio.Queue)
        and isinstance(getattr(queue, "_getters", None), deque)
        and all(isinstance(getattr(pool, name, None), int | float) for name in _POOL_NUMBERS)
        and all(hasattr(record, name) for name in _RECORD_NAMES)
        and hasattr(pool, "_do_return_conn")
    )
