"""Running jobs in a test, when the test says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from fastapi import FastAPI

    from fastgres.db import Database
    from fastgres.jobs import JobRecord, WorkerStats


class RunJobs(Protocol):
    """Run the jobs that are due, one after the other, until none is; return what became of them.

    With `later` also those that wait for their moment or for their next attempt. A job that fails
    is raised as `JobError` with its traceback, unless `strict` is off.

    ```python
    from fastgres.db import Session
    from fastgres.jobs import job
    from fastgres.testing import RunJobs

    @job()
    async def greet(name: str) -> None: ...

    async def test_greeting(session: Session, run_jobs: RunJobs) -> None:
        async with session.begin():
            await greet.enqueue(session, name="Ada")
        assert (await run_jobs()).done == 1
    ```
    """

    async def __call__(self, *, later: bool = False, strict: bool = True) -> WorkerStats:
        """Run them."""


class JobRunner:
    """Runs the jobs of an application on the database of a test, as a worker does."""

    def __init__(self, app: FastAPI, database: Database) -> None:
        self._app = app
        self._database = database

    async def __call__(self, *, later: bool = False, strict: bool = True) -> WorkerStats:
        """Run what is due, or all that waits."""
        from fastgres.app import jobs_of
        from fastgres.jobs import JobFilter, Worker, run_now

        if later:
            await run_now(self._database, JobFilter())
        stats = await Worker(self._database, jobs_of(self._app).values()).drain()
        if strict and (stats.failed or stats.dead):
            await self._raise()
        return stats

    async def _raise(self) -> None:
        from fastgres.errors import JobError
        from fastgres.jobs import JobFilter, list_jobs

        records = await list_jobs(self._database, JobFilter(states=("retrying", "dead")))
        raise JobError("\n\n".join(_told(record) for record in records if record.attempt))


def _told(record: JobRecord) -> str:
    return (
        f"The job {record.name!r} with {record.arguments} failed, attempt {record.attempt} of "
        f"{record.max_attempts}: {record.last_error}\n"
        "If the test means it to fail: `await run_jobs(strict=False)`."
    )
