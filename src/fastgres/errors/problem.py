"""Errors that a client may be told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from fastgres.errors.developer import FastgresError


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One field of the request and what is wrong with it.

    `location` is a JSON path of names and indexes that starts with where the field stood:
    `("body", "items", 0, "quantity")`.

    ```python
    from fastgres.errors import FieldProblem

    problem = FieldProblem(("body", "sku"), "unique", "This value is already taken.")
    assert problem.location[-1] == "sku"
    ```
    """

    location: tuple[str | int, ...]
    code: str
    message: str


class ProblemError(FastgresError):
    """An error that may be told to a client as `application/problem+json` (RFC 9457).

    Subclass it for the errors of a service: set `status`, `code` and `title`, and pass a
    `detail` that a stranger may read. `extensions` become members of the problem document.

    ```python
    from fastgres.errors import ConflictError

    class OutOfStockError(ConflictError):
        code = "out_of_stock"
        title = "Not enough pieces in stock"

    error = OutOfStockError("3 pieces asked for, 1 in stock.", extensions={"available": 1})
    assert error.status == 409
    ```
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal_error"
    title: ClassVar[str] = "Internal server error"

    def __init__(
        self,
        detail: str | None = None,
        *,
        fields: Sequence[FieldProblem] = (),
        extensions: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.detail = detail or self.title
        self.fields = tuple(fields)
        self.extensions = dict(extensions or {})
        self.headers = dict(headers or {})
        super().__init__(self.detail)


class BadRequestError(ProblemError):
    """Raised when the request cannot be understood at all."""

    status = 400
    code = "bad_request"
    title = "Bad request"


class IdempotencyKeyError(BadRequestError):
    """Raised when the header Idempotency-Key is missing where it is needed, or not well formed."""

    code = "idempotency_key"
    title = "Idempotency-Key missing or not well formed"


class ScopeError(ProblemError):
    """Raised when a row would be written outside the scope of a repository."""

    status = 403
    code = "outside_scope"
    title = "Not within what you may change"


class NotFoundError(ProblemError):
    """Raised when the row asked for does not exist or is not the caller's."""

    status = 404
    code = "not_found"
    title = "Not found"


class RequestTimeoutError(ProblemError):
    """Raised when a client takes too long to send its body."""

    status = 408
    code = "request_timeout"
    title = "The request body did not arrive in time"


class ConflictError(ProblemError):
    """Raised when the request is right but the state of the data forbids it."""

    status = 409
    code = "conflict"
    title = "Conflict"


class UniqueViolationError(ConflictError):
    """Raised for SQLSTATE 23505: the value is already taken; `fields` names the columns."""

    code = "already_exists"
    title = "Already exists"


class ExclusionViolationError(ConflictError):
    """Raised for SQLSTATE 23P01: the row overlaps another."""

    code = "overlaps"
    title = "Overlaps an existing row"


class StillReferencedError(ConflictError):
    """Raised for SQLSTATE 23503 and 23001 when the row to delete is still referred to."""

    code = "still_referenced"
    title = "Still in use"


class TransitionError(ConflictError):
    """Raised when a row is not in a state from which the asked one can be reached."""

    code = "invalid_transition"
    title = "Not possible in the present state"


class RowLockedError(ConflictError):
    """Raised for SQLSTATE 55P03: another transaction holds the row."""

    code = "locked"
    title = "Another request is changing this"


class RequestInProgressError(ConflictError):
    """Raised when a request with the same Idempotency-Key is being answered at this moment."""

    code = "request_in_progress"
    title = "The same request is being answered"

    def __init__(self, detail: str | None = None, *, retry_after: int = 1) -> None:
        waiting = (
            "The first request with this Idempotency-Key is still being answered; wait a moment "
            "and send this one again."
        )
        super().__init__(detail or waiting, headers={"Retry-After": str(retry_after)})


class PayloadTooLargeError(ProblemError):
    """Raised when a body is larger than `max_body_size`, declared or streamed."""

    status = 413
    code = "payload_too_large"
    title = "The request body is too large"


class InvalidValueError(ProblemError):
    """Raised when a value is of the right type but cannot be accepted."""

    status = 422
    code = "invalid_value"
    title = "Invalid value"


class InvalidRequestError(InvalidValueError):
    """Raised when path, query, headers or body do not fit what the route declares."""

    code = "invalid_request"
    title = "The request is not valid"


class ForeignKeyViolationError(InvalidValueError):
    """Raised for SQLSTATE 23503: the row referred to does not exist."""

    code = "unknown_reference"
    title = "Refers to something that does not exist"


class CheckViolationError(InvalidValueError):
    """Raised for SQLSTATE 23514: a CHECK constraint refused the row."""

    code = "check_failed"
    title = "Violates a rule of the data"


class NotNullViolationError(InvalidValueError):
    """Raised for SQLSTATE 23502: a required value is missing."""

    code = "missing_value"
    title = "A required value is missing"


class InvalidTextError(InvalidValueError):
    """Raised for SQLSTATE 22021 and 22P05: text that PostgreSQL cannot store, such as NUL."""

    code = "invalid_text"
    title = "Text contains a character that cannot be stored"


class OutOfRangeError(InvalidValueError):
    """Raised for the other SQLSTATEs of class 22: a value outside the range of its column."""

    code = "out_of_range"
    title = "Value out of range"


class UnknownParameterError(InvalidValueError):
    """Raised when a filter or sort is named that the query does not declare."""

    code = "unknown_parameter"
    title = "Unknown parameter"


class InvalidCursorError(InvalidValueError):
    """Raised when a page cursor was not made for this list and sort."""

    code = "invalid_cursor"
    title = "Invalid page cursor"


class KeyReusedError(InvalidValueError):
    """Raised when an Idempotency-Key comes with another request than the one it was used for."""

    code = "idempotency_key_reused"
    title = "Idempotency-Key used for another request"


class UnavailableError(ProblemError):
    """Raised when the service cannot answer now but will soon; carries Retry-After."""

    status = 503
    code = "unavailable"
    title = "Temporarily unavailable"
    retry_after: ClassVar[int] = 1

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail, headers={"Retry-After": str(self.retry_after)})


class OverloadedError(UnavailableError):
    """Raised when so many wait for the same work that another would wait for too long."""

    code = "overloaded"
    title = "Too many requests at once"


class PoolExhaustedError(UnavailableError):
    """Raised when no connection came free within `database_pool_timeout`."""

    code = "overloaded"
    title = "Too many requests at once"


class TooManyConnectionsError(UnavailableError):
    """Raised for SQLSTATE 53300: the server takes no further connection."""

    code = "overloaded"
    title = "Too many requests at once"


class ServerUnavailableError(UnavailableError):
    """Raised when PostgreSQL is away, starting, stopping, or hung up in between."""

    code = "database_unavailable"
    title = "The database is not reachable"
    retry_after = 2


class SerializationFailureError(UnavailableError):
    """Raised for SQLSTATE 40001 and 40P01: the transaction lost a race and may be retried."""

    code = "retry"
    title = "Lost a race with another request"


class StatementTimeoutError(UnavailableError):
    """Raised for SQLSTATE 57014: a statement ran longer than `database_statement_timeout`."""

    code = "statement_timeout"
    title = "The database took too long"
    retry_after = 5
