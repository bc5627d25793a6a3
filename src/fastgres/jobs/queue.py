"""The queue as one worker sees it: each method is one statement."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from fastgres.jobs import sql
from fastgres.jobs.claimed import ClaimedJob

if TYPE_CHECKING:
    import datetime as dt

    from fastgres.jobs.enqueue import Call
    from fastgres.jobs.lanes import Lanes
    from fastgres.jobs.link import Link
    from fastgres.jobs.outcome import Outcome


Fence = tuple[int, int]
"""The id of a job and the number of an attempt."""


@dataclass(frozen=True, slots=True)
class Rescued:
    """A job that was taken from a worker which stopped renewing its lease."""

    id: int
    name: str
    attempt: int
    worker: UUID
    dead: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who claims: an id of its own for each start of a process, never used twice."""

    queues: tuple[str, ...]
    concurrency: int
    lease: float
    id: UUID = field(default_factory=uuid4)
    host: str = field(default_factory=socket.gethostname)
    pid: int = field(default_factory=os.getpid)


class Queue:
    """Claims, ends and keeps the jobs of one worker."""

    def __init__(self, link: Link, me: Identity) -> None:
        self._link = link
        self._me = me

    async def claim(self, free: int, lanes: Lanes) -> list[ClaimedJob]:
        """Take at most `free` due jobs, in their order."""
        me = self._me
        if lanes.is_due_to_look_everywhere():
            began = monotonic()
            rows = await self._link.fetch(sql.CLAIM, lanes.queues(), me.id, me.lease, free)
            lanes.looked_everywhere(monotonic() - began)
        else:
            queues, priorities, since = lanes.places()
            rows = await self._link.fetch(
                sql.CLAIM_LANES, queues, me.id, me.lease, free, priorities, since
            )
        jobs = sorted((ClaimedJob.from_row(row) for row in rows), key=lambda job: job.place)
        lanes.claimed(jobs)
        return jobs

    async def acknowledge(self, outcomes: Sequence[Outcome]) -> set[int]:
        """End attempts that succeeded; return the ids that were still this worker's."""
        return await self._end(
            sql.ACKNOWLEDGE,
            outcomes,
            [outcome.result for outcome in outcomes],
            [outcome.keep for outcome in outcomes],
        )

    async def put_back(self, outcomes: Sequence[Outcome], *, refund: bool) -> set[int]:
        """Let attempts wait for the next one; with `refund` they do not count."""
        return await self._end(
            sql.PUT_BACK,
            outcomes,
            [int(refund) for _ in outcomes],
            [outcome.delay for outcome in outcomes],
            [outcome.error for outcome in outcomes],
        )

    async def postpone(self, outcomes: Sequence[Outcome]) -> set[int]:
        """Let jobs wait that this release does not know."""
        return await self._end(sql.POSTPONE, outcomes, [outcome.error for outcome in outcomes])

    async def bury(self, outcomes: Sequence[Outcome]) -> set[int]:
        """Move jobs to the dead letters."""
        return await self._end(
            sql.BURY,
            outcomes,
            [outcome.reason for outcome in outcomes],
            [outcome.error for outcome in outcomes],
        )

    async def _end(
        self, statement: str, outcomes: Sequence[Outcome], *columns: list[Any]
    ) -> set[int]:
        ids = [outcome.job.id for outcome in outcomes]
        attempts = [outcome.job.attempt for outcome in outcomes]
        rows = await self._link.fetch(statement, self._me.id, ids, attempts, *columns)
        return {row[0] for row in rows}

    async def renew(self, jobs: Sequence[ClaimedJob]) -> dict[Fence, tuple[bool, bool]]:
        """Renew the leases of `jobs`; tell of each whether it was renewed and is still ours."""
        me = self._me
        rows = await self._link.fetch(
            sql.RENEW,
            me.id,
            me.lease,
            [job.id for job in jobs],
            [job.attempt for job in jobs],
            me.host,
            me.pid,
            list(me.queues),
            me.concurrency,
        )
        return {(row[0], row[1]): (row[2], row[3]) for row in rows}

    async def leave(self) -> None:
        """Take this worker off the list."""
        await self._link.fetch(sql.LEAVE, self._me.id)

    async def rescue(self) -> list[Rescued]:
        """Free the jobs of workers that are gone."""
        return [Rescued(*row) for row in await self._link.fetch(sql.RESCUE)]

    async def report(self, job: ClaimedJob, progress: str) -> bool:
        """Store the progress of a job; False when it is not this worker's any more."""
        rows = await self._link.fetch(sql.REPORT, self._me.id, job.id, job.attempt, progress)
        return bool(rows)

    async def now(self) -> dt.datetime:
        """Return the database's time."""
        moment: dt.datetime = (await self._link.fetch(sql.NOW))[0][0]
        return moment

    async def tick(self, ticks: Iterable[tuple[Call, dt.datetime]]) -> list[tuple[int, str]]:
        """Enqueue scheduled jobs, those that no other worker has enqueued yet."""
        due = list(ticks)
        rows = await self._link.fetch(
            sql.TICK,
            [call.name for call, _ in due],
            [tick for _, tick in due],
            [call.queue for call, _ in due],
            [call.version for call, _ in due],
            [call.arguments for call, _ in due],
            [call.priority for call, _ in due],
            [call.max_attempts for call, _ in due],
            [call.unique_key for call, _ in due],
            [call.target for call, _ in due],
        )
        return [(row[0], row[1]) for row in rows]
