"""From SQLSTATE and constraint name to the typed errors of `fastgres.errors`.

Never from the text of a message: it is translated by the server's locale and reworded by
releases. Codes: https://www.postgresql.org/docs/current/errcodes-appendix.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncpg import (
    InterfaceError,
    InternalClientError,
    InvalidCachedStatementError,
    PostgresError,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from fastgres.db.violations import Violation, violation_error
from fastgres.errors import (
    InvalidTextError,
    OutOfRangeError,
    PoolExhaustedError,
    ProblemError,
    RowLockedError,
    SerializationFailureError,
    ServerUnavailableError,
    StatementTimeoutError,
    TooManyConnectionsError,
    UnavailableError,
)

if TYPE_CHECKING:
    from sqlalchemy.engine import ExceptionContext

    from fastgres.db.constraints import Constraints

_PLAIN: dict[str, type[ProblemError]] = {
    "22021": InvalidTextError,
    "22P05": InvalidTextError,
    "40001": SerializationFailureError,
    "40P01": SerializationFailureError,
    "53300": TooManyConnectionsError,
    "54000": OutOfRangeError,
    "55P03": RowLockedError,
    "57014": StatementTimeoutError,
    "25P03": ServerUnavailableError,
    "25P04": StatementTimeoutError,
    "25006": ServerUnavailableError,
}
_BY_CLASS: dict[str, type[ProblemError]] = {
    "08": ServerUnavailableError,
    "22": OutOfRangeError,
    "53": UnavailableError,
    "57": ServerUnavailableError,
    "58": UnavailableError,
}
_OUR_OWN_MISTAKES = frozenset({"22012"})
"""Division by zero is in class 22, and no value of a client's is to blame for it."""

_GONE = ("08", "57P", "25P03", "25P04", "25006")
"""SQLSTATEs after which a connection must not go back to the pool."""


def sqlstate(error: BaseException | None) -> str:
    """Return the SQLSTATE that an error of SQLAlchemy or asyncpg carries, or an empty text.

    ```python
    from asyncpg import UniqueViolationError
    from fastgres.db import sqlstate

    assert sqlstate(UniqueViolationError("taken")) == "23505"
    ```
    """
    while error is not None:
        code = getattr(error, "sqlstate", None)
        if isinstance(code, str):
            return code
        error = getattr(error, "orig", None) or error.__cause__
    return ""


def is_disconnect(code: str) -> bool:
    """Tell whether the connection is of no use after this SQLSTATE."""
    return code.startswith(_GONE)


def is_stale(error: BaseException | None) -> bool:
    """Tell whether a migration has changed what a prepared statement returns.

    The driver has put the statement away; inside a transaction it cannot prepare it again.
    """
    while error is not None:
        if isinstance(error, InvalidCachedStatementError):
            return True
        error = getattr(error, "orig", None) or error.__cause__
    return False


def translate(
    error: BaseException, *, constraints: Constraints | None = None
) -> ProblemError | None:
    """Return the typed error that a client may be told, or None for a true bug.

    Statements raise typed errors by themselves. This is for what fails outside of one: the
    pool's timeout, and the driver used directly. `constraints` lets a row that asyncpg itself
    says a constraint refused (COPY) be told with the fields.

    ```python
    from sqlalchemy.exc import TimeoutError
    from fastgres.db import translate

    assert translate(TimeoutError("QueuePool limit reached")).status == 503
    assert translate(ValueError("a bug")) is None
    ```
    """
    if isinstance(error, ProblemError):
        return error
    if isinstance(error, PoolTimeoutError):
        return PoolExhaustedError("No database connection came free in time.")
    if not isinstance(error, DBAPIError | PostgresError | InterfaceError | InternalClientError):
        return None
    code = sqlstate(error)
    if constraints is not None and code.startswith("23"):
        return violation_error(code, Violation.of(error, None), constraints=constraints)
    if code:
        return _told(error, code)
    lost = not isinstance(error, DBAPIError) or error.connection_invalidated
    return ServerUnavailableError() if lost else None


def translate_driver(error: Exception, *, closed: bool) -> ProblemError | None:
    """Return the typed error for what asyncpg itself raised, as a session would raise it.

    `closed` tells whether the connection is lost; without that an `InterfaceError` is a bug of
    the caller, such as a wrong number of arguments. Who waits longer than the server's own limit
    for a statement waits for a server that is gone.
    """
    if isinstance(error, TimeoutError):
        return ServerUnavailableError()
    code = sqlstate(error)
    if code or isinstance(error, ProblemError | InternalClientError):
        return translate(error)
    return ServerUnavailableError() if closed or isinstance(error, OSError) else None


def breaks_driver(error: Exception) -> bool:
    """Tell whether an open connection must not be used again after what asyncpg raised on it."""
    if isinstance(error, InternalClientError) or is_disconnect(sqlstate(error)):
        return True
    return not isinstance(error, PostgresError | InterfaceError)


def _told(error: BaseException, code: str) -> ProblemError | None:
    if is_stale(error):
        return SerializationFailureError("The database has just been changed by a new release.")
    return _plain(code)


def _plain(code: str) -> ProblemError | None:
    if code in _OUR_OWN_MISTAKES:
        return None
    kind = _PLAIN.get(code) or _BY_CLASS.get(code[:2])
    if kind is RowLockedError:
        return RowLockedError(headers={"Retry-After": "1"})
    return kind() if kind else None


def raise_typed(context: ExceptionContext, constraints: Constraints) -> ProblemError | None:
    """Answer SQLAlchemy's `handle_error`: the typed error to raise in place of its own.

    A ping before use only wants to know whether the connection is dead; an error raised there
    would reach the caller instead of a new connection.
    """
    error = context.original_exception
    if isinstance(error, ProblemError) or not isinstance(error, Exception):
        return None
    code = sqlstate(error)
    if _breaks_connection(error, code):
        context.is_disconnect = True
    if context.is_pre_ping:
        return None
    if isinstance(error, TimeoutError):
        context.invalidate_pool_on_disconnect = False
        return ServerUnavailableError()
    if code.startswith("23"):
        violation = Violation.of(error.__cause__, context.statement)
        return violation_error(code, violation, constraints=constraints)
    if context.is_disconnect and not code:
        return ServerUnavailableError()
    return _told(error, code)


def _breaks_connection(error: Exception, code: str) -> bool:
    """Tell whether the connection must not be used again.

    An `InternalClientError` means that asyncpg lost track of the protocol, as when the server
    dies in mid-reply.
    """
    confused = isinstance(error.__cause__, InternalClientError)
    return confused or isinstance(error, OSError | TimeoutError) or is_disconnect(code)
