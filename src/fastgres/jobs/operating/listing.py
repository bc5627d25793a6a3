"""Looking at single jobs, those that wait, those that run, and those that are dead."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, get_args
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import JSONB

from fastgres.errors import ConfigurationError, UnknownNameError
from fastgres.jobs.operating import sql

if TYPE_CHECKING:
    from fastgres.db import Database
    from fastgres.jobs.definition import Job

JobState = Literal["ready", "scheduled", "retrying", "running", "sent", "dead"]
"""Where a job stands: due; waiting for its moment or its next attempt; taken by a worker; handed
to a broker; failed for good.

```python
from typing import get_args
from fastgres.jobs import JobState

assert "retrying" in get_args(JobState)
```
"""

_JOBS: Final = text(sql.JOBS).columns(arguments=JSONB, headers=JSONB, progress=JSONB)

STATES: Final[tuple[JobState, ...]] = get_args(JobState)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFilter:
    """Say which jobs are meant: those that fit all that is given; nothing given means every job.

    `older_than` seconds are since a job was enqueued, of dead ones since they died. Raises
    `UnknownNameError` for a state that there is none of.

    ```python
    from fastgres.jobs import JobFilter

    old = JobFilter(queue="mail", states=("dead",), older_than=7 * 86_400)
    assert old.name is None
    ```
    """

    queue: str | None = None
    name: str | None = None
    states: tuple[str, ...] = ()
    older_than: float | None = None
    ids: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what would quietly find nothing."""
        for state in self.states:
            if state not in STATES:
                raise UnknownNameError("state of jobs", state, STATES)

    def parameters(self) -> dict[str, Any]:
        """Return what the statements bind."""
        return {
            "queue": self.queue,
            "name": self.name,
            "states": list(self.states) or None,
            "older_than": self.older_than,
            "ids": list(self.ids) or None,
        }


@dataclass(frozen=True, slots=True)
class JobRecord:
    """Hold one job as it is stored, for people to look at.

    `reason` and `died_at` are of dead ones; `last_error` is that of the last attempt that failed,
    with its traceback.

    ```python
    from fastgres.jobs import find_job, job

    @job(queue="mail")
    async def greet(name: str) -> None: ...

    async with session.begin():
        number = await greet.enqueue(session, name="Ada")
    assert (await find_job(database, number)).arguments == {"name": "Ada"}
    ```
    """

    id: int
    queue: str
    name: str
    version: int
    arguments: dict[str, Any]
    headers: dict[str, Any]
    priority: int
    run_at: dt.datetime
    created_at: dt.datetime
    attempt: int
    max_attempts: int
    worker: UUID | None
    lease_until: dt.datetime | None
    started_at: dt.datetime | None
    unique_key: str | None
    target: str
    progress: Any
    last_error: str | None
    state: JobState
    died_at: dt.datetime | None
    reason: str | None

    @property
    def error(self) -> str:
        """The first line of the last error, or why it is dead; empty without either."""
        return (self.last_error or self.reason or "").partition("\n")[0]

    def what_is_missing(self, jobs: Mapping[str, Job[Any]]) -> str | None:
        """Return why a worker with these jobs would leave this one alone; None if it would not."""
        if self.target != "local":
            return None
        if self.name not in jobs:
            return "no such function"
        if self.version > jobs[self.name].options.version:
            return "of a newer release"
        return None


async def list_jobs(
    database: Database, wanted: JobFilter | None = None, *, limit: int = 50
) -> list[JobRecord]:
    """Return jobs, the newest first; dead ones too unless the states leave them out.

    ```python
    from fastgres.jobs import JobFilter, list_jobs

    assert await list_jobs(database, JobFilter(states=("dead",))) == []
    ```
    """
    given = {**(wanted or JobFilter()).parameters(), "limit": limit}
    async with database.session() as session, session.begin():
        rows = await session.execute(_JOBS, given)
        return [JobRecord(*row) for row in rows]


async def find_job(database: Database, job_id: int) -> JobRecord:
    """Return one job; raise `ConfigurationError` when it is done, or never was.

    ```python
    from fastgres.errors import ConfigurationError
    from fastgres.jobs import find_job

    try:
        await find_job(database, 4711)
    except ConfigurationError as error:
        assert "no row" in str(error)
    ```
    """
    found = await list_jobs(database, JobFilter(ids=(job_id,)), limit=1)
    if not found:
        raise ConfigurationError(
            f"The job {job_id} has no row. One that succeeded is deleted, so it is done, was "
            "purged, or never was; the log of the workers says `job done` with its job_id."
        )
    return found[0]


async def count_jobs(database: Database, wanted: JobFilter) -> int:
    """Return how many jobs fit.

    ```python
    from fastgres.jobs import JobFilter, count_jobs

    assert await count_jobs(database, JobFilter(queue="mail")) == 0
    ```
    """
    async with database.session() as session, session.begin():
        counted: int = (await session.execute(text(sql.COUNT), wanted.parameters())).scalar_one()
        return counted
