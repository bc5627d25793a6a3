"""Running jobs in a test, when the test says so."""

from __future__ import annotations

import copy
from functools import wraps
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from fastapi import FastAPI

    from fastgres.db import Database
    from fastgres.jobs import Job, JobRecord, WorkerStats


class RunJobs(Protocol):
    """Run the jobs that are due, one after the other, until none is; return what became of them.

    With `later` also those that wait for their moment, and every next attempt until each job is
    done or dead; what a job schedules meanwhile waits for the next call.

    A job that fails is raised as `JobError` from its own error, with `later` one that is dead. So
    is one that the fixture `app` does not have, for no worker would run it. Nothing is with
    `strict` off.

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
        from fastgres.app import jobs_of

        self._database = database
        self._known = jobs_of(app)
        self._errors: dict[str, Exception] = {}

    async def __call__(self, *, later: bool = False, strict: bool = True) -> WorkerStats:
        """Run what is due, or all that waits."""
        self._errors.clear()
        if later:
            stats = await self._run_to_the_end()
        else:
            stats = await self._drain()
        if strict:
            await self._raise_unknown()
            if stats.dead or (stats.failed and not later):
                await self._raise_failed(later=later)
        return stats

    async def _run_to_the_end(self) -> WorkerStats:
        """Follow each job through its attempts, of which there are so many and no more."""
        from fastgres.jobs import JobFilter, run_now

        await run_now(self._database, JobFilter())
        total = turn = await self._drain()
        while turn.failed:
            await run_now(self._database, JobFilter(states=("retrying",)))
            turn = await self._drain()
            total = _sum(total, turn)
        return total

    async def _drain(self) -> WorkerStats:
        from fastgres.jobs import Worker

        jobs = [_observed(job, self._errors) for job in self._known.values()]
        return await Worker(self._database, jobs).drain()

    async def _raise_unknown(self) -> None:
        from fastgres.errors import JobError
        from fastgres.jobs import JobFilter, list_jobs

        waiting = JobFilter(states=("ready", "scheduled", "retrying"))
        found = await list_jobs(self._database, waiting, limit=1000)
        missing = {
            f"{record.name} ({why})"
            for record in found
            if (why := record.what_is_missing(self._known))
        }
        if missing:
            raise JobError(
                "Jobs were enqueued that the fixture `app` does not have: "
                f"{', '.join(sorted(missing))}. No worker of the service would run them. Name "
                "them where it is made: create_app(..., jobs=[...])."
            )

    async def _raise_failed(self, *, later: bool) -> None:
        from fastgres.errors import JobError
        from fastgres.jobs import JobFilter, list_jobs

        states = ("dead",) if later else ("retrying", "dead")
        records = await list_jobs(self._database, JobFilter(states=states))
        failed = [record for record in reversed(records) if record.attempt]
        causes = [self._errors[one.name] for one in failed if one.name in self._errors]
        told = "\n\n".join(_told(record, self._errors) for record in failed)
        raise JobError(told) from next(iter(causes), None)


def _observed(job: Job[Any], errors: dict[str, Exception]) -> Job[Any]:
    """Return the job with a function that notes the last error that left it."""
    function = job.function

    @wraps(function)
    async def observed(*args: Any, **kwargs: Any) -> Any:
        try:
            return await function(*args, **kwargs)
        except Exception as error:
            errors[job.name] = error
            raise

    seen = copy.copy(job)
    seen.function = observed
    return seen


def _sum(one: WorkerStats, other: WorkerStats) -> WorkerStats:
    from dataclasses import asdict

    return type(one)(**{name: count + asdict(other)[name] for name, count in asdict(one).items()})


def _told(record: JobRecord, errors: dict[str, Exception]) -> str:
    """Return what happened; the traceback is that of the cause, where there is one."""
    error = record.error if record.name in errors else record.last_error
    return (
        f"The job {record.name!r} with {record.arguments} failed, attempt {record.attempt} of "
        f"{record.max_attempts}: {error}\n"
        "If the test means it to fail: `await run_jobs(strict=False)`."
    )
