"""Every error of fastgres, under one tree.

```text
FastgresError
├── ConfigurationError
│   └── UnknownNameError
├── EmbeddedError
│   └── ProgramsNotFoundError
├── IsolationError
├── LateCommitError
├── LostCommitError
├── JobError
│   ├── JobArgumentsError
│   ├── StolenJobError
│   ├── GiveUpError
│   │   └── MailRefusedError
│   └── RetryError
├── MigrationError
│   └── DriftError
├── MailError
│   ├── LetterError
│   ├── MailRefusedError
│   └── MailUnavailableError
├── UncommittedChangesError
└── ProblemError
    ├── BadRequestError
    │   └── IdempotencyKeyError
    ├── ScopeError
    ├── NotFoundError
    ├── RequestTimeoutError
    ├── ConflictError
    │   ├── UniqueViolationError
    │   ├── ExclusionViolationError
    │   ├── StillReferencedError
    │   ├── TransitionError
    │   ├── RowLockedError
    │   └── RequestInProgressError
    ├── PayloadTooLargeError
    ├── InvalidValueError
    │   ├── InvalidRequestError
    │   ├── ForeignKeyViolationError
    │   ├── CheckViolationError
    │   ├── NotNullViolationError
    │   ├── InvalidTextError
    │   ├── OutOfRangeError
    │   ├── UnknownParameterError
    │   ├── InvalidCursorError
    │   └── KeyReusedError
    ├── UnavailableError
    │   ├── PoolExhaustedError
    │   ├── TooManyConnectionsError
    │   ├── ServerUnavailableError
    │   └── SerializationFailureError
    └── StatementTimeoutError
```

Errors below `ProblemError` may reach a client: their `detail` is written for a stranger and
never holds SQL, driver text or values of other people. All others are for the developer: they
say what happened with the values, why it matters and what to do.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that `name` most likely meant, or None.

    ```python
    from fastgres.errors import nearest

    assert nearest("pirce", ["price", "stock"]) == "price"
    assert nearest("zzz", ["price", "stock"]) is None
    ```
    """
    matches = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return matches[0] if matches else None


class FastgresError(Exception):
    """Raised by fastgres itself; catch it to catch everything below.

    ```python
    from fastgres.errors import FastgresError, NotFoundError

    assert issubclass(NotFoundError, FastgresError)
    ```
    """


class ConfigurationError(FastgresError):
    """Raised when settings, project file, models or queries cannot work together."""


class UnknownNameError(ConfigurationError):
    """Raised when a name is not one of those declared; says which one was probably meant.

    ```python
    from fastgres.errors import UnknownNameError

    error = UnknownNameError("setting", "databse_url", ["database_url", "debug"])
    assert "did you mean 'database_url'?" in str(error)
    ```
    """

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        self.kind = kind
        self.name = name
        self.known = tuple(sorted(known))
        self.suggestion = nearest(name, self.known)
        hint = f"; did you mean {self.suggestion!r}?" if self.suggestion else "."
        super().__init__(
            f"There is no {kind} {name!r}{hint} Known: {', '.join(self.known) or 'none'}."
        )


class EmbeddedError(FastgresError):
    """Raised when the embedded PostgreSQL cannot be made, started or reached."""


class ProgramsNotFoundError(EmbeddedError):
    """Raised when no PostgreSQL programs are on this machine."""


class IsolationError(FastgresError):
    """Raised when a test cannot be, or was not, kept apart from other tests and real data."""


class JobError(FastgresError):
    """Raised around a job that runs in the background, never to a client."""


class JobArgumentsError(JobError):
    """Raised when arguments do not fit what the job declares, or are too large for its row."""

    def __init__(self, name: str, reason: str) -> None:
        self.name = name
        self.reason = reason
        super().__init__(
            f"The job {name!r} cannot take these arguments: {reason} They are stored as JSON and "
            "read again by a worker, maybe of a later release. Pass what the function declares, "
            "and of large things the id of the row that holds them."
        )


class StolenJobError(JobError):
    """Raised when a job is finished by a worker that it no longer belongs to.

    The lease ran out, because the process stood still or lost the database, and the job was given
    to another worker. Leave the unit of work with this error, so that the effect happens once.
    """

    def __init__(self, name: str, job_id: int, attempt: int) -> None:
        self.name = name
        self.job_id = job_id
        self.attempt = attempt
        super().__init__(
            f"Attempt {attempt} of job {job_id} ({name!r}) does not own the job any more: its "
            "lease ran out and another worker has taken it, or it was deleted. Nothing of this "
            "attempt may be committed; let the error leave the unit of work."
        )


class GiveUpError(JobError):
    """Raise it in a job that can never succeed: it goes to the dead letters without a retry."""


class RetryError(JobError):
    """Raise it in a job that should be tried again `after` seconds; it counts as an attempt."""

    def __init__(self, message: str = "", *, after: float) -> None:
        self.after = after
        super().__init__(message or f"Asked to be tried again after {after:g} seconds.")


class MailError(FastgresError):
    """Raised when a letter could not be written or handed in."""


class LetterError(MailError):
    """Raised when a letter cannot be written: a template or a value for it is missing or wrong."""


class MailRefusedError(MailError, GiveUpError):
    """Raised when the mail server refuses this letter for good (5xx); a job is not tried again."""


class MailUnavailableError(MailError):
    """Raised when the mail server is away or asks to wait (4xx); the letter may be sent again."""


class LateCommitError(FastgresError):
    """Raised when a successful response begins while a unit of work is open: it may still fail."""

    def __init__(self, changes: Sequence[str]) -> None:
        self.changes = tuple(changes)
        held = f" ({', '.join(self.changes)})" if self.changes else ""
        super().__init__(
            f"The response began while a unit of work was still open{held}. Its COMMIT would come "
            "after the bytes, and the client would have been told of a success that may be "
            "refused. FastAPI ends a `yield` dependency after the response unless told otherwise: "
            'declare it as `Depends(..., scope="function")`, or open the unit in the service.'
        )


class LostCommitError(FastgresError):
    """Raised when PostgreSQL answered COMMIT with a rollback, because of an earlier error."""

    def __init__(self) -> None:
        super().__init__(
            "A unit of work was committed, and PostgreSQL rolled it back: a statement in it had "
            "failed, its error was caught, and after an error a transaction takes nothing more. "
            "Nothing of the unit was written. Put a statement whose error you catch into a unit "
            "inside the unit, which is a savepoint: `async with session.begin():`."
        )


class MigrationError(FastgresError):
    """Raised when the migrations and the database do not fit each other."""


class DriftError(MigrationError):
    """Raised when models, migrations and database disagree; `differences` has a sentence each."""

    def __init__(self, differences: Sequence[str]) -> None:
        self.differences = tuple(differences)
        listed = "\n".join(f"  {difference}" for difference in self.differences)
        super().__init__(
            f"Models, migrations and database do not agree:\n{listed}\n"
            "What the models have comes with the next `fastgres db new`, what is not applied with "
            "`fastgres db upgrade`."
        )


class UncommittedChangesError(FastgresError):
    """Raised in development and tests when a request ends with changes it did not commit."""

    def __init__(self, changes: Sequence[str]) -> None:
        self.changes = tuple(changes)
        super().__init__(
            f"The request succeeded but left changes uncommitted: {', '.join(self.changes)}. "
            "They are lost: the session is rolled back when the request ends. "
            "Write inside `async with session.begin():` in the service."
        )


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
        super().__init__(detail, headers={"Retry-After": str(retry_after)})


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


class StatementTimeoutError(ProblemError):
    """Raised for SQLSTATE 57014: a statement ran longer than `database_statement_timeout`."""

    status = 504
    code = "statement_timeout"
    title = "The database took too long"
