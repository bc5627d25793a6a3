"""How one attempt ended, and what is to become of its row."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from enum import Enum, auto

from fastgres.jobs.claimed import ClaimedJob
from fastgres.observability import unwrapped
from fastgres.settings import mask_credentials

MAX_ERROR = 4_000
"""Characters of an error that are stored: its first line, and the end of its traceback."""


class Ending(Enum):
    """What is to be done with the row of an attempt."""

    DONE = auto()
    FAILED = auto()
    DEAD = auto()
    POSTPONED = auto()
    RELEASED = auto()
    LOST = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The end of one attempt. `completed`: the job has tried to delete its row itself."""

    job: ClaimedJob
    ending: Ending
    completed: bool = False
    delay: float | None = None
    reason: str = ""
    error: str | None = None
    result: str | None = None
    keep: float = 0.0


def describe(error: BaseException) -> str:
    """Return an error as it is stored: bounded, without credentials."""
    error = unwrapped(error)
    head = clean(f"{type(error).__name__}: {error}", MAX_ERROR // 4)
    trace = clean("".join(traceback.format_exception(error)))
    return f"{head}\n\n{trace[len(head) + 2 - MAX_ERROR :]}"


def why_unknown(job: ClaimedJob) -> str:
    """Return why a worker has put a job aside that it cannot run."""
    return (
        f"No worker has the job {job.name!r} in version {job.version}. If it is new, name it where "
        "the application is made, create_app(..., jobs=[...]), and start the workers again; else "
        "it waits for the release that has it."
    )


def clean(text: str, most: int | None = None) -> str:
    """Return text that PostgreSQL can store, without credentials."""
    stored = text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()
    return mask_credentials(stored)[:most]
