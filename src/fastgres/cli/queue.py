"""What the verbs of `fastgres jobs` do, as plain functions; imported by the verb that needs it."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from time import monotonic
from typing import Any, TypeVar

from fastgres.app import jobs_of
from fastgres.db import Database
from fastgres.dev import Workplace
from fastgres.errors import ConfigurationError, UnavailableError
from fastgres.jobs import (
    Job,
    JobFilter,
    JobRecord,
    Moved,
    Overview,
    cancel_jobs,
    count_jobs,
    find_job,
    list_jobs,
    purge_dead,
    read_overview,
    retry_dead,
    run_now,
)
from fastgres.observability import configure_logging
from fastgres.tables import require_tables

T = TypeVar("T")
Jobs = Mapping[str, Job[Any]]
Action = Callable[[Database, Jobs, list[JobRecord]], Awaitable[Moved]]
Show = Callable[[Overview | None], None]

_SHARE = 10
"""How many times its own length a look at the queues is apart from the next one, at least."""


def _work(action: Callable[[Database, Jobs], Awaitable[T]]) -> T:
    """Run an action on the project's database, with the jobs that its application has."""
    workplace = Workplace.here()
    # What they have to say they print; a warning a second would run through the live table.
    configure_logging(workplace.settings.model_copy(update={"log_level": "ERROR"}))
    jobs = jobs_of(workplace.make_application())

    async def opened(url: str) -> T:
        database = workplace.database(url)
        try:
            await require_tables(database.engine, needed_by="the commands of `fastgres jobs`")
            return await action(database, jobs)
        finally:
            await database.close()

    with workplace.address() as url:
        return asyncio.run(opened(url))


def look() -> Overview:
    """Return how the queues stand."""
    return _work(_look)


async def _look(database: Database, jobs: Jobs) -> Overview:
    return await read_overview(database, known=jobs.keys())


def watch(show: Show, *, interval: float) -> None:
    """Show how the queues stand again and again, and None while the database is away."""

    async def again(database: Database, jobs: Jobs) -> None:
        while True:
            began = monotonic()
            try:
                show(await _look(database, jobs))
            except UnavailableError:
                show(None)
            await asyncio.sleep(max(interval, (monotonic() - began) * _SHARE))

    _work(again)


def find(wanted: JobFilter, *, limit: int) -> list[tuple[JobRecord, str | None]]:
    """Return jobs, each with what it is missing to run."""

    async def found(database: Database, jobs: Jobs) -> list[tuple[JobRecord, str | None]]:
        records = await list_jobs(database, wanted, limit=limit)
        return [(record, record.what_is_missing(jobs)) for record in records]

    return _work(found)


def find_one(job_id: int) -> tuple[JobRecord, str | None]:
    """Return one job, with what it is missing to run."""

    async def found(database: Database, jobs: Jobs) -> tuple[JobRecord, str | None]:
        record = await find_job(database, job_id)
        return record, record.what_is_missing(jobs)

    return _work(found)


def count(wanted: JobFilter) -> int:
    """Return how many jobs fit."""
    return _work(lambda database, _: count_jobs(database, wanted))


@dataclass(frozen=True, slots=True)
class Acted:
    """Hold what an action did, why it left jobs that were named, and which of these are none."""

    moved: Moved
    others: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def retry(wanted: JobFilter) -> Acted:
    """Put dead jobs back; those that wait for a later moment are due at once if they are named.

    Each is acted on once, as it stood before: one that is put back may fail at once in a worker's
    hands, and its next attempt has to wait.
    """

    async def again(database: Database, jobs: Jobs, stood: list[JobRecord]) -> Moved:
        if not wanted.ids:
            return await retry_dead(database, wanted, jobs=jobs)
        moved = Moved()
        if dead := _of(stood, "dead"):
            moved += await retry_dead(database, replace(wanted, ids=dead), jobs=jobs)
        if waiting := _of(stood, "scheduled", "retrying"):
            moved += await run_now(database, replace(wanted, ids=waiting))
        return moved

    left = {"ready": "due already", "running": "running", "sent": "with the broker"}
    return _act(wanted, again, left)


def cancel(wanted: JobFilter, *, running: bool) -> Acted:
    """Move jobs to the dead letters."""
    left = {"dead": "dead already"} | ({} if running else {"running": "running (see --running)"})
    return _act(
        wanted, lambda database, _, __: cancel_jobs(database, wanted, running=running), left
    )


def purge(wanted: JobFilter) -> Acted:
    """Delete dead jobs."""
    left = dict.fromkeys(("ready", "scheduled", "retrying", "running", "sent"), "not dead")
    return _act(wanted, lambda database, _, __: purge_dead(database, wanted), left)


def _act(wanted: JobFilter, action: Action, left: Mapping[str, str]) -> Acted:
    """Act, and say of the jobs that are named by their ids why nothing was done with some."""

    async def acted(database: Database, jobs: Jobs) -> Acted:
        named = JobFilter(ids=wanted.ids)
        stood = await list_jobs(database, named, limit=len(wanted.ids)) if wanted.ids else []
        missing = set(wanted.ids) - {record.id for record in stood}
        others = [
            f"{record.id} left as it was: it is {left[record.state]}"
            for record in stood
            if record.state in left
        ]
        told = [await _missing(database, job_id) for job_id in sorted(missing)]
        return Acted(await action(database, jobs, stood), tuple(others), tuple(told))

    return _work(acted)


async def _missing(database: Database, job_id: int) -> str:
    try:
        found = await find_job(database, job_id)
    except ConfigurationError as error:
        return str(error)
    return f"The job {found.id} was enqueued just now."


def _of(records: Iterable[JobRecord], *states: str) -> tuple[int, ...]:
    return tuple(record.id for record in records if record.state in states)


def plain(record: JobRecord, missing: str | None = None) -> dict[str, Any]:
    """Return a job as JSON has it."""
    found = {**asdict(record), "missing": missing}
    return {name: _plain(value) for name, value in found.items()}


def plain_overview(seen: Overview) -> dict[str, Any]:
    """Return an overview as JSON has it."""
    return {
        "queues": [asdict(queue) for queue in seen.queues],
        "workers": [
            {name: _plain(value) for name, value in asdict(worker).items()}
            for worker in seen.workers
        ],
    }


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.datetime) else value
