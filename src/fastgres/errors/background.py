"""Errors of what happens outside of a request: jobs and mail."""

from __future__ import annotations

from fastgres.errors.developer import FastgresError


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


class StoredArgumentsError(JobArgumentsError):
    """Raised when the arguments of a stored job do not fit the function any more.

    The job goes to the dead letters. Its arguments were written by a release whose function
    declared others: raise `version=` of the job, say with `Job.upgrade` how the old become the
    new, and put the job back.
    """

    def __init__(self, name: str, reason: str, *, version: int, advice: str) -> None:
        self.name = name
        self.reason = reason
        self.version = version
        JobError.__init__(
            self,
            f"The job {name!r} cannot take the arguments that were stored for its version "
            f"{version}: {reason} {advice} Then put it back: fastgres jobs retry.",
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
    """Raise it in a job that can never succeed: it goes to the dead letters without a retry.

    ```python
    from fastgres.errors import GiveUpError

    async def remind(email: str) -> None:
        if email.endswith(".invalid"):
            raise GiveUpError(f"Nobody reads {email}.")
    ```
    """


class RetryError(JobError):
    """Raise it in a job that should be tried again `after` seconds; it counts as an attempt.

    ```python
    from fastgres.errors import RetryError

    async def poll(busy: bool) -> None:
        if busy:
            raise RetryError("The export is not ready.", after=30)
    ```
    """

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
