"""One statement on a lent connection: sent again when that was dead, ended when cancelled.

A statement that writes is sent once: whether a connection died before or after its COMMIT, nobody
can tell.
"""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING, Any

from asyncpg import InvalidCachedStatementError, InvalidSQLStatementNameError

from fastgres.db.faults import breaks_driver, translate_driver

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastgres.db.idle import Loan
    from fastgres.errors import ProblemError

PROMPTLY = 1.0
"""Seconds within which a connection fails that was dead before it was used.

A statement that was lost later was ended on purpose, or is what brings the server down: it is not
sent again.
"""


async def attempt(
    loan: Loan, sql: str, arguments: Sequence[object], *, writes: bool = False
) -> Sequence[Any] | None:
    """Run the statement, end the loan and return the first row; raise the typed error.

    A second time, if the connection or the prepared statement turns out to have been dead. One
    that `writes` only if the server cannot have run it: the connection was lost before it was
    sent, or the server refused the prepared statement.
    """
    began = monotonic()
    last = sent = False
    while True:
        try:
            if not loan.is_usable():
                last = True
                await loan.renew()
            statement = loan.statements.get(sql) or await loan.prepare(sql)
            sent = writes
            row: Sequence[Any] | None = await statement.fetchrow(*arguments)
        except BaseException as error:
            again = not last and _may_fare_better(loan, error, sent=sent)
            if again and monotonic() - began < PROMPTLY:
                last, sent = True, False
                continue
            typed = await _fail(loan, error)
            if typed is None:
                raise
            raise typed from error
        loan.give_back()
        return row


def _may_fare_better(loan: Loan, error: BaseException, *, sent: bool) -> bool:
    """Put away what was no longer good; tell whether the statement may be sent again.

    One that writes and was `sent` may be, where the server says that it did not take it.
    """
    if isinstance(error, InvalidCachedStatementError | InvalidSQLStatementNameError):
        loan.statements.clear()
        return True
    if sent or not isinstance(error, Exception) or isinstance(error, TimeoutError):
        return False
    if not loan.is_closed() and not breaks_driver(error):
        return False
    loan.drop(error)
    return loan.is_current()


async def _fail(loan: Loan, error: BaseException) -> ProblemError | None:
    """End the loan after an error, and return the typed one."""
    if isinstance(error, asyncio.CancelledError):
        await loan.settle()
        return None
    closed = loan.is_closed()
    if closed or not isinstance(error, Exception) or breaks_driver(error):
        loan.drop(error)
    loan.give_back()
    return translate_driver(error, closed=closed) if isinstance(error, Exception) else None
