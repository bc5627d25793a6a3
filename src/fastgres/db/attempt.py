"""One SELECT on a lent connection: sent again when that was dead, ended when cancelled."""

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


async def attempt(loan: Loan, sql: str, arguments: Sequence[object]) -> Sequence[Any] | None:
    """Run the SELECT, end the loan and return the first row; raise the typed error.

    A second time, if the connection or the prepared statement turns out to have been dead.
    """
    began = monotonic()
    last = False
    while True:
        try:
            if not loan.is_usable():
                last = True
                await loan.renew()
            statement = loan.statements.get(sql) or await loan.prepare(sql)
            row: Sequence[Any] | None = await statement.fetchrow(*arguments)
        except BaseException as error:
            if not last and _may_fare_better(loan, error) and monotonic() - began < PROMPTLY:
                last = True
                continue
            typed = await _fail(loan, error)
            if typed is None:
                raise
            raise typed from error
        loan.give_back()
        return row


def _may_fare_better(loan: Loan, error: BaseException) -> bool:
    """Put away what was no longer good; tell whether the SELECT is worth sending again."""
    if isinstance(error, InvalidCachedStatementError | InvalidSQLStatementNameError):
        loan.statements.clear()
        return True
    if not isinstance(error, Exception) or isinstance(error, TimeoutError):
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
