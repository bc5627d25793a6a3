"""Keeping tests apart: all of a test on one connection that is rolled back, or a clone."""

from __future__ import annotations

from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any, Final, NoReturn

from sqlalchemy import event, literal, select

from fastgres.db import Database, Session, only_watches
from fastgres.errors import IsolationError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from sqlalchemy import Connection
    from sqlalchemy.ext.asyncio import AsyncConnection
    from sqlalchemy.orm import ORMExecuteState, SessionTransaction
    from sqlalchemy.orm import Session as SyncSession

    from fastgres.settings import Settings
    from fastgres.testing.workshop import SharedDatabase

_WAY_OUT: Final = (
    "This test runs on one connection that is rolled back at its end. Mark it with "
    "@pytest.mark.clone to give it a database and connections of its own."
)


class OneAtATime:
    """Refuses a session the shared connection while another one works on it.

    Transactions of sessions are savepoints here, and savepoints nest: one opened later must end
    first. Two sessions at once, as in `asyncio.gather`, would write into each other's
    transaction and never wait for each other's locks, so that the test would prove nothing.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._open: list[SessionTransaction] = []
        self.faults: list[str] = []

    def began(
        self, _session: SyncSession, transaction: SessionTransaction, connection: Connection
    ) -> None:
        """Note that a session has set its savepoint."""
        if connection is self._connection:
            self._open.append(transaction)

    @only_watches
    def works(self, session: SyncSession, *_: Any) -> None:
        """Check that the session that sends a statement is the one that began last."""
        owners = [transaction.session for transaction in self._open]
        if session in owners and owners[-1] is not session:
            self.refuse("Two sessions used the database at once.")

    @only_watches
    def executes(self, state: ORMExecuteState) -> None:
        """Check the session of a statement."""
        self.works(state.session)

    @only_watches
    def ended(self, _session: SyncSession, transaction: SessionTransaction) -> None:
        """Forget a savepoint, and note when it was not the innermost one."""
        if transaction not in self._open:
            return
        if self._open[-1] is not transaction:
            self.faults.append(f"Two sessions used the database at once. {_WAY_OUT}")
        self._open.remove(transaction)

    def verdict(self) -> None:
        """Raise what went wrong, even if the code under test swallowed it."""
        if self.faults:
            raise IsolationError(self.faults[0])
        if self._open:
            message = (
                f"The test left {len(self._open)} transaction(s) of a session open. Make sessions "
                "with `async with database.session() as session:` so that they are closed."
            )
            raise IsolationError(message)

    def refuse(self, what: str) -> NoReturn:
        """Raise that one connection cannot do this, and at the end of the test again."""
        message = f"{what} {_WAY_OUT}"
        self.faults.append(message)
        raise IsolationError(message)


@contextmanager
def watched(connection: Connection) -> Iterator[OneAtATime]:
    """Watch all sessions that use the connection, and judge at the end."""
    guard = OneAtATime(connection)
    sessions = Session.sync_session_class
    listeners: dict[str, Any] = {
        "after_begin": guard.began,
        "do_orm_execute": guard.executes,
        "before_flush": guard.works,
        "after_transaction_end": guard.ended,
    }
    for name, listener in listeners.items():
        event.listen(sessions, name, listener)
    try:
        yield guard
        guard.verdict()
    finally:
        for name, listener in listeners.items():
            event.remove(sessions, name, listener)


@asynccontextmanager
async def rolled_back(shared: SharedDatabase, settings: Settings) -> AsyncIterator[Database]:
    """Yield a database whose sessions all share one transaction, undone at the end.

    The engine is kept for the whole run, with the statements it has compiled; the connection is
    opened here because it belongs to the loop of this test.
    """
    engine = shared.database.engine
    try:
        async with engine.connect() as connection, connection.begin() as transaction:
            # SQLAlchemy begins with the first statement, which a test may never come to.
            await connection.execute(select(literal(1)))
            with watched(_synchronous(connection)) as guard:
                try:
                    yield Database.bound_to(connection, settings, refuse=guard.refuse)
                finally:
                    shared.spoilt = not await _in_transaction(connection)
                    if shared.spoilt:
                        await connection.invalidate()
                if shared.spoilt:
                    message = f"The test ended the transaction itself, by SQL. {_WAY_OUT}"
                    raise IsolationError(message)
            await transaction.rollback()
    finally:
        await engine.dispose()


@asynccontextmanager
async def pooled(database: Database) -> AsyncIterator[Database]:
    """Yield a database with a pool of its own, and count its connections back in at the end."""
    try:
        yield database
        lent = database.pool_status().lent
        if lent:
            message = (
                f"The test ended with {lent} connection(s) not given back to the pool. Close "
                "sessions and connections with `async with`."
            )
            raise IsolationError(message)
    finally:
        await database.close()


def _synchronous(connection: AsyncConnection) -> Connection:
    if connection.sync_connection is None:
        raise IsolationError("The connection of the tests is closed.")
    return connection.sync_connection


async def _in_transaction(connection: AsyncConnection) -> bool:
    driver: Any = (await connection.get_raw_connection()).driver_connection
    return bool(driver.is_in_transaction())
