"""What people do with jobs: try them again, run them now, cancel them, throw dead ones away."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text

from fastgres.errors import ConfigurationError
from fastgres.jobs.operating import sql
from fastgres.jobs.operating.listing import JobFilter
from fastgres.jobs.throttle import channel_of

if TYPE_CHECKING:
    from fastgres.db import Database
    from fastgres.jobs.definition import Job

BATCH: Final = 500
"""Rows that one transaction changes; locks and snapshots are held no longer than that takes."""

CANCELLED: Final = "Cancelled by an operator."
"""The reason that a cancelled job carries among the dead letters."""

_WAITING: Final = ("ready", "scheduled", "retrying", "sent")


@dataclass(frozen=True, slots=True)
class Moved:
    """Count what became of the jobs that were meant: `done`, and `left` as they were.

    Left are dead jobs whose unique twin waits already. Of those that were put back, `later` wait
    for a moment that lies ahead, and `tries` are the numbers of attempts that they got.

    ```python
    from fastgres.jobs import Moved

    assert Moved(done=3) + Moved(left=1) == Moved(done=3, left=1)
    ```
    """

    done: int = 0
    left: int = 0
    later: int = 0
    tries: frozenset[int] = field(default=frozenset(), compare=False)

    def __add__(self, other: Moved) -> Moved:
        return Moved(
            done=self.done + other.done,
            left=self.left + other.left,
            later=self.later + other.later,
            tries=self.tries | other.tries,
        )


async def retry_dead(
    database: Database, wanted: JobFilter, *, jobs: Mapping[str, Job[Any]] | None = None
) -> Moved:
    """Put dead jobs back into their queues under the same ids: due now, or when they were to be.

    Each gets as many attempts as its function in `jobs` allows, one where it is not among them.
    One whose unique twin waits stays dead. One that was cancelled keeps its moment if that lies
    ahead; `run_now` makes it due.

    ```python
    from fastgres.jobs import JobFilter, retry_dead

    assert (await retry_dead(database, JobFilter(queue="mail"))).done == 0
    ```
    """
    known = jobs or {}
    tries = {"tries": [job.options.retries + 1 for job in known.values()], "names": list(known)}
    dead = _only(wanted, ("dead",))
    return await _all(database, sql.REVIVE, dead, **tries, channel=channel_of(""))


async def run_now(database: Database, wanted: JobFilter) -> Moved:
    """Make jobs due that wait for their moment or their next attempt.

    ```python
    from datetime import timedelta
    from fastgres.jobs import JobFilter, job, run_now

    @job()
    async def greet(name: str) -> None: ...

    async with session.begin():
        await greet.schedule(session, timedelta(days=1), name="Ada")
    assert (await run_now(database, JobFilter(name="greet"))).done == 1
    ```
    """
    early = _only(wanted, ("scheduled", "retrying"))
    return await _all(database, sql.HURRY, early, channel=channel_of(""))


async def cancel_jobs(
    database: Database, wanted: JobFilter, *, running: bool = False, reason: str = CANCELLED
) -> Moved:
    """Move jobs that wait to the dead letters, with `running` also those that run.

    One that was sent to a broker waits too, until a consumer begins it; its message is skipped.
    A worker stops a running one when it next renews its lease, within 10 seconds; an effect that it
    commits with `complete` after this is refused. Until then it goes on.

    ```python
    from fastgres.jobs import JobFilter, cancel_jobs

    assert (await cancel_jobs(database, JobFilter(queue="mail"), reason="Sent twice.")).done == 0
    ```
    """
    states = (*_WAITING, "running") if running else _WAITING
    return await _all(database, sql.CANCEL, _only(wanted, states), reason=reason)


async def purge_dead(database: Database, wanted: JobFilter) -> Moved:
    """Delete dead jobs; nothing brings them back.

    ```python
    from fastgres.jobs import JobFilter, purge_dead

    assert (await purge_dead(database, JobFilter(older_than=30 * 86_400))).done == 0
    ```
    """
    return await _all(database, sql.PURGE, _only(wanted, ("dead",)))


def _only(wanted: JobFilter, states: tuple[str, ...]) -> JobFilter:
    """Narrow the filter to the states that an action is for."""
    common = tuple(state for state in states if not wanted.states or state in wanted.states)
    if not common:
        raise ConfigurationError(
            f"Jobs that are {' or '.join(wanted.states)} were asked for, and this is for those "
            f"that are {' or '.join(states)}: it would do nothing. Leave the states out."
        )
    return replace(wanted, states=common)


async def _all(database: Database, statement: str, wanted: JobFilter, **more: Any) -> Moved:
    moved = Moved()
    async for batch in _batches(database, statement, wanted.parameters() | more):
        moved += batch
    return moved


async def _batches(
    database: Database, statement: str, given: dict[str, Any]
) -> AsyncIterator[Moved]:
    """Walk by id, each batch in a transaction of its own; what stays behind is not met again."""
    after = 0
    while True:
        async with database.session() as session, session.begin():
            found = await session.execute(text(statement), {**given, "after": after, "size": BATCH})
            done, picked, last, _, *put_back = found.one()
        later, tries = put_back or (0, None)
        yield Moved(done=done, left=picked - done, later=later, tries=frozenset(tries or ()))
        if picked < BATCH:
            return
        after = last
