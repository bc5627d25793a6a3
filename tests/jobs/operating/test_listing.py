"""Jobs as people look at them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from fastgres.errors import ConfigurationError, GiveUpError, UnknownNameError
from fastgres.jobs import JobFilter, Worker, count_jobs, find_job, find_jobs, job, list_jobs

if TYPE_CHECKING:
    from fastgres.db import Database, Session


@job(queue="mail", version=2)
async def write(to: str) -> None:
    """Never run here."""


@job()
async def fail(why: str) -> None:
    """Fail for good."""
    raise GiveUpError(why)


@pytest.fixture
async def ids(database: Database, session: Session) -> dict[str, int]:
    """A job that is due, one for later, one that is dead."""
    async with session.begin():
        first = await write.enqueue(session, to="ada")
        later = await write.schedule(session, timedelta(hours=1), to="eve")
        dead = await fail.enqueue(session, why="no such\nthing")
    await Worker(database, [fail]).drain()
    return {"ready": first or 0, "scheduled": later or 0, "dead": dead or 0}


async def test_jobs_come_newest_first_dead_ones_too(
    database: Database, ids: dict[str, int]
) -> None:
    """One list, whichever table a job stands in."""
    found = await list_jobs(database)
    assert [(one.id, one.state) for one in found] == [
        (ids["dead"], "dead"),
        (ids["scheduled"], "scheduled"),
        (ids["ready"], "ready"),
    ]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (JobFilter(queue="mail"), {"ready", "scheduled"}),
        (JobFilter(name="fail"), {"dead"}),
        (JobFilter(states=("scheduled", "dead")), {"scheduled", "dead"}),
        (JobFilter(queue="mail", states=("dead",)), set()),
        (JobFilter(older_than=3600), set()),
        (JobFilter(queue="mali"), set()),
    ],
)
async def test_filter(
    database: Database, ids: dict[str, int], wanted: JobFilter, expected: set[str]
) -> None:
    """What is given has to fit, all of it; counting agrees with listing."""
    assert ids
    assert {one.state for one in await list_jobs(database, wanted)} == expected
    assert await count_jobs(database, wanted) == len(expected)


async def test_jobs_by_id(database: Database, ids: dict[str, int]) -> None:
    """Of either table."""
    wanted = JobFilter(ids=(ids["dead"], ids["ready"], 10**9))
    assert [one.state for one in await list_jobs(database, wanted)] == ["dead", "ready"]


async def test_age_is_since_enqueued_or_died(
    database: Database, session: Session, ids: dict[str, int]
) -> None:
    """A dead letter of today may have been enqueued last year."""
    async with session.begin():
        await session.execute(text("UPDATE fastgres.jobs SET created_at = now() - interval '9 d'"))
        await session.execute(
            text("UPDATE fastgres.dead_jobs SET created_at = now() - interval '9 d'")
        )
    old = JobFilter(older_than=8 * 86_400)
    assert {one.id for one in await list_jobs(database, old)} == {ids["ready"], ids["scheduled"]}


async def test_limit(database: Database, ids: dict[str, int]) -> None:
    """The newest of them."""
    assert [one.id for one in await list_jobs(database, limit=1)] == [ids["dead"]]


async def test_job_tells_everything_about_itself(database: Database, ids: dict[str, int]) -> None:
    """Arguments as values, and why it died."""
    found = await find_job(database, ids["dead"])
    assert (found.name, found.queue, found.arguments) == (
        "fail",
        "default",
        {"why": "no such\nthing"},
    )
    assert (found.attempt, found.max_attempts) == (1, 6)
    assert found.reason is not None
    assert "gave up" in found.reason
    assert found.error == "GiveUpError: no such"
    assert found.last_error is not None
    assert "Traceback" in found.last_error


async def test_job_that_is_not_there_may_be_done(database: Database) -> None:
    """The message says where to look."""
    with pytest.raises(ConfigurationError, match="4711 has no row"):
        await find_job(database, 4711)


def test_misspelt_state_is_an_error() -> None:
    """It would quietly find nothing."""
    with pytest.raises(UnknownNameError, match="did you mean 'scheduled'"):
        JobFilter(states=("sheduled",))


async def test_what_a_worker_would_leave_alone_says_why(
    database: Database, session: Session, ids: dict[str, int]
) -> None:
    """Its function is gone, or not there yet."""
    found = await find_job(database, ids["ready"])
    assert found.what_is_missing(find_jobs([write])) is None
    assert found.what_is_missing(find_jobs([fail])) == "no such function"
    async with session.begin():
        await session.execute(text("UPDATE fastgres.jobs SET version = 3"))
    newer = await find_job(database, ids["ready"])
    assert newer.what_is_missing(find_jobs([write])) == "of a newer release"
    async with session.begin():
        await session.execute(text("UPDATE fastgres.jobs SET target = 'celery'"))
    sent = await find_job(database, ids["ready"])
    assert sent.what_is_missing({}) is None
