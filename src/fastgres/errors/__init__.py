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
│   │   └── StoredArgumentsError
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
    └── UnavailableError
        ├── OverloadedError
        ├── PoolExhaustedError
        ├── TooManyConnectionsError
        ├── ServerUnavailableError
        ├── SerializationFailureError
        └── StatementTimeoutError
```

Errors below `ProblemError` may reach a client: their `detail` is written for a stranger and
never holds SQL, driver text or values of other people. All others are for the developer: they
say what happened with the values, why it matters and what to do.
"""

from fastgres.errors.background import (
    GiveUpError,
    JobArgumentsError,
    JobError,
    LetterError,
    MailError,
    MailRefusedError,
    MailUnavailableError,
    RetryError,
    StolenJobError,
    StoredArgumentsError,
)
from fastgres.errors.developer import (
    ConfigurationError,
    DriftError,
    EmbeddedError,
    FastgresError,
    IsolationError,
    LateCommitError,
    LostCommitError,
    MigrationError,
    ProgramsNotFoundError,
    UncommittedChangesError,
    UnknownNameError,
    nearest,
)
from fastgres.errors.problem import (
    BadRequestError,
    CheckViolationError,
    ConflictError,
    ExclusionViolationError,
    FieldProblem,
    ForeignKeyViolationError,
    IdempotencyKeyError,
    InvalidCursorError,
    InvalidRequestError,
    InvalidTextError,
    InvalidValueError,
    KeyReusedError,
    NotFoundError,
    NotNullViolationError,
    OutOfRangeError,
    OverloadedError,
    PayloadTooLargeError,
    PoolExhaustedError,
    ProblemError,
    RequestInProgressError,
    RequestTimeoutError,
    RowLockedError,
    ScopeError,
    SerializationFailureError,
    ServerUnavailableError,
    StatementTimeoutError,
    StillReferencedError,
    TooManyConnectionsError,
    TransitionError,
    UnavailableError,
    UniqueViolationError,
    UnknownParameterError,
)

__all__ = [
    "BadRequestError",
    "CheckViolationError",
    "ConfigurationError",
    "ConflictError",
    "DriftError",
    "EmbeddedError",
    "ExclusionViolationError",
    "FastgresError",
    "FieldProblem",
    "ForeignKeyViolationError",
    "GiveUpError",
    "IdempotencyKeyError",
    "InvalidCursorError",
    "InvalidRequestError",
    "InvalidTextError",
    "InvalidValueError",
    "IsolationError",
    "JobArgumentsError",
    "JobError",
    "KeyReusedError",
    "LateCommitError",
    "LetterError",
    "LostCommitError",
    "MailError",
    "MailRefusedError",
    "MailUnavailableError",
    "MigrationError",
    "NotFoundError",
    "NotNullViolationError",
    "OutOfRangeError",
    "OverloadedError",
    "PayloadTooLargeError",
    "PoolExhaustedError",
    "ProblemError",
    "ProgramsNotFoundError",
    "RequestInProgressError",
    "RequestTimeoutError",
    "RetryError",
    "RowLockedError",
    "ScopeError",
    "SerializationFailureError",
    "ServerUnavailableError",
    "StatementTimeoutError",
    "StillReferencedError",
    "StolenJobError",
    "StoredArgumentsError",
    "TooManyConnectionsError",
    "TransitionError",
    "UnavailableError",
    "UncommittedChangesError",
    "UniqueViolationError",
    "UnknownNameError",
    "UnknownParameterError",
    "nearest",
]
