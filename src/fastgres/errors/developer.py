"""Errors for those who write and run a service."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence


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
