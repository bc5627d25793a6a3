"""From SQLSTATE and constraint name to the typed errors of `fastgres.errors`.

Never from the text of a message: it is translated by the server's locale and reworded by
releases. Codes: https://www.postgresql.org/docs/current/errcodes-appendix.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from fastgres.errors import (
    CheckViolationError,
    ConflictError,
    ExclusionViolationError,
    FieldProblem,
    ForeignKeyViolationError,
    InvalidTextError,
    InvalidValueError,
    NotNullViolationError,
    OutOfRangeError,
    PoolExhaustedError,
    ProblemError,
    RowLockedError,
    SerializationFailureError,
    ServerUnavailableError,
    StatementTimeoutError,
    StillReferencedError,
    TooManyConnectionsError,
    UnavailableError,
    UniqueViolationError,
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


@dataclass(frozen=True, slots=True)
class Violation:
    """A refused row: which constraint of which table, and which column when PostgreSQL says."""

    table: str
    constraint: str
    column: str

    @classmethod
    def of(cls, driver_error: BaseException | None) -> Violation:
        """Read the fields that the server sent beside its message."""
        return cls(
            table=getattr(driver_error, "table_name", None) or "",
            constraint=getattr(driver_error, "constraint_name", None) or "",
            column=getattr(driver_error, "column_name", None) or "",
        )


def sqlstate(error: BaseException | None) -> str:
    """Return the SQLSTATE that an error of SQLAlchemy or asyncpg carries, or an empty text."""
    while error is not None:
        code = getattr(error, "sqlstate", None)
        if isinstance(code, str):
            return code
        error = getattr(error, "orig", None) or error.__cause__
    return ""


def is_disconnect(code: str) -> bool:
    """Tell whether the connection is of no use after this SQLSTATE."""
    return code.startswith(_GONE)


def translate(error: BaseException) -> ProblemError | None:
    """Return the typed error that a client may be told, or None for a true bug.

    Statements raise typed errors by themselves. This is for what fails outside of one: the
    pool's timeout, and the driver used directly.

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
    code = sqlstate(error)
    if code:
        return _plain(code)
    if isinstance(error, InterfaceError) or (
        isinstance(error, DBAPIError) and error.connection_invalidated
    ):
        return ServerUnavailableError()
    return None


def _plain(code: str) -> ProblemError | None:
    if code in _OUR_OWN_MISTAKES:
        return None
    kind = _PLAIN.get(code) or _BY_CLASS.get(code[:2])
    if kind is RowLockedError:
        return RowLockedError(headers={"Retry-After": "1"})
    return kind() if kind else None


def raise_typed(context: ExceptionContext, constraints: Constraints) -> ProblemError | None:
    """Answer SQLAlchemy's `handle_error`: the typed error to raise in place of its own."""
    error = context.original_exception
    if isinstance(error, ProblemError):
        return None
    if isinstance(error, TimeoutError):
        context.is_disconnect = True
        context.invalidate_pool_on_disconnect = False
        return StatementTimeoutError()
    code = sqlstate(error)
    if is_disconnect(code) or isinstance(error, OSError):
        context.is_disconnect = True
    if code.startswith("23"):
        return _violated(code, Violation.of(error.__cause__), context, constraints)
    if context.is_disconnect and not code:
        return ServerUnavailableError()
    return _plain(code)


def _violated(
    code: str, violation: Violation, context: ExceptionContext, constraints: Constraints
) -> ProblemError | None:
    columns = constraints.columns(violation.table, violation.constraint)
    match code:
        case "23505":
            return UniqueViolationError(
                f"{_names(columns) or 'This value'} is already taken.",
                fields=_fields(columns, "already_exists", "This value is already taken."),
            )
        case "23503" | "23001" if _deletes(context.statement):
            return StillReferencedError("Other data refers to this; it cannot be deleted.")
        case "23503":
            return ForeignKeyViolationError(
                f"{_names(columns) or 'A reference'} refers to something that does not exist.",
                fields=_fields(columns, "unknown_reference", "There is no such row."),
            )
        case "23514":
            return _check(violation, columns, constraints)
        case "23502":
            return NotNullViolationError(
                f"{violation.column or 'A field'} must not be empty.",
                fields=_fields((violation.column,), "missing_value", "A value is required."),
            )
        case "23P01":
            return ExclusionViolationError(fields=_fields(columns, "overlaps", "Overlaps."))
        case _:
            return _other_violation(code)


def _other_violation(code: str) -> ProblemError:
    return ConflictError() if code == "23001" else InvalidValueError()


def _check(
    violation: Violation, columns: tuple[str, ...], constraints: Constraints
) -> CheckViolationError:
    rule = constraints.rule(violation.table, violation.constraint)
    return CheckViolationError(
        f"The rule {rule!r} refuses the values.",
        fields=_fields(columns, "check_failed", f"Refused by the rule {rule!r}."),
        extensions={"rule": rule},
    )


def _deletes(statement: str | None) -> bool:
    return bool(statement) and str(statement).lstrip()[:6].upper() == "DELETE"


def _names(columns: tuple[str, ...]) -> str:
    return " and ".join(columns)


def _fields(columns: tuple[str, ...], code: str, message: str) -> list[FieldProblem]:
    return [FieldProblem(("body", column), code, message) for column in columns if column]
