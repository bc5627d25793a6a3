"""Rows that a constraint refused (SQLSTATE class 23): which field, and which error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastgres.errors import (
    CheckViolationError,
    ExclusionViolationError,
    FieldProblem,
    ForeignKeyViolationError,
    InvalidValueError,
    NotNullViolationError,
    ProblemError,
    StillReferencedError,
    UniqueViolationError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastgres.db.constraints import Constraints


@dataclass(frozen=True, slots=True)
class Violation:
    """What the server sent beside its message: the table, the constraint, perhaps the column."""

    table: str
    constraint: str
    column: str
    deletes: bool

    @classmethod
    def of(cls, driver_error: BaseException | None, statement: str | None) -> Violation:
        """Read the fields of asyncpg's error, and whether the statement was a DELETE."""
        return cls(
            table=getattr(driver_error, "table_name", None) or "",
            constraint=getattr(driver_error, "constraint_name", None) or "",
            column=getattr(driver_error, "column_name", None) or "",
            deletes=(statement or "").lstrip()[:6].upper() == "DELETE",
        )


def violation_error(code: str, violation: Violation, *, constraints: Constraints) -> ProblemError:
    """Return the typed error for a violation; its fields are those of the constraint."""
    columns = constraints.columns(violation.table, violation.constraint)
    explain = _EXPLANATIONS.get(code)
    return explain(violation, columns) if explain else InvalidValueError()


def _unique(_violation: Violation, columns: tuple[str, ...]) -> ProblemError:
    return UniqueViolationError(
        f"{_names(columns) or 'This value'} {'are' if len(columns) > 1 else 'is'} already taken.",
        fields=_fields(columns, "already_exists", "This value is already taken."),
    )


def _reference(violation: Violation, columns: tuple[str, ...]) -> ProblemError:
    if violation.deletes:
        return StillReferencedError("Other data refers to this; it cannot be deleted.")
    return ForeignKeyViolationError(
        f"{_names(columns) or 'A reference'} refers to something that does not exist.",
        fields=_fields(columns, "unknown_reference", "There is no such row."),
    )


def _restricted(_violation: Violation, _columns: tuple[str, ...]) -> ProblemError:
    return StillReferencedError("Other data refers to this; it cannot be deleted or renamed.")


def _check(violation: Violation, columns: tuple[str, ...]) -> ProblemError:
    rule = violation.constraint.removeprefix("ck_").removeprefix(f"{violation.table}_")
    return CheckViolationError(
        f"The rule {rule!r} refuses the values.",
        fields=_fields(columns, "check_failed", f"Refused by the rule {rule!r}."),
        extensions={"rule": rule},
    )


def _not_null(violation: Violation, _columns: tuple[str, ...]) -> ProblemError:
    return NotNullViolationError(
        f"{violation.column or 'A field'} must not be empty.",
        fields=_fields((violation.column,), "missing_value", "A value is required."),
    )


def _exclusion(_violation: Violation, columns: tuple[str, ...]) -> ProblemError:
    return ExclusionViolationError(
        fields=_fields(columns, "overlaps", "This overlaps an existing row.")
    )


_EXPLANATIONS: dict[str, Callable[[Violation, tuple[str, ...]], ProblemError]] = {
    "23001": _restricted,
    "23502": _not_null,
    "23503": _reference,
    "23505": _unique,
    "23514": _check,
    "23P01": _exclusion,
}


def _names(columns: tuple[str, ...]) -> str:
    return " and ".join(columns)


def _fields(columns: tuple[str, ...], code: str, message: str) -> list[FieldProblem]:
    return [FieldProblem(("body", column), code, message) for column in columns if column]
