"""A job while it runs, as its function sees it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy import text

from fastgres.errors import JobArgumentsError, StolenJobError
from fastgres.jobs import sql

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from fastgres.db import Database, Session
    from fastgres.jobs.claimed import ClaimedJob

_COMPLETE = text(sql.COMPLETE)

MAX_PROGRESS_BYTES = 8_192
"""Bytes that the progress of a job may have as JSON."""


class Reports(Protocol):
    """Who stores the progress of a job: the worker, beside any session."""

    async def report(self, job: ClaimedJob, progress: str) -> bool:
        """Store it; tell whether the job is still the worker's."""


@dataclass(slots=True, kw_only=True)
class RunningJob:
    """Know the attempt that is running: a job asks for it as its first parameter.

    `request_id` is that of the request that enqueued the job. `database` is the worker's; its
    sessions are for the job to open. What the job does elsewhere, a mail say, may happen twice
    when a worker dies: `id` is the same at every attempt, so derive keys and message ids from it.

    ```python
    from fastgres.jobs import RunningJob, Worker, job

    @job()
    async def recount(job: RunningJob, shelf: str) -> None:
        await job.progress({"shelf": shelf})
        async with job.session() as session, session.begin():
            await job.complete(session)

    async with session.begin():
        await recount.enqueue(session, shelf="novels")
    assert (await Worker(database, [recount]).drain()).done == 1
    ```
    """

    claimed: ClaimedJob = field(repr=False)
    worker: UUID
    database: Database
    reports: Reports = field(repr=False)
    completing: bool = False

    @property
    def id(self) -> int:
        """The number of the job, the same at every attempt."""
        return self.claimed.id

    @property
    def name(self) -> str:
        """The name of the job."""
        return self.claimed.name

    @property
    def attempt(self) -> int:
        """Which attempt this is, the first being 1."""
        return self.claimed.attempt

    @property
    def is_last_attempt(self) -> bool:
        """Whether a failure now leads to the dead letters."""
        return self.claimed.attempt >= self.claimed.max_attempts

    @property
    def request_id(self) -> str | None:
        """The id of the request that enqueued the job, if it was one."""
        return self.claimed.headers.get("request_id")

    @property
    def traceparent(self) -> str | None:
        """The trace to which the job belongs, as W3C Trace Context writes it."""
        return self.claimed.headers.get("traceparent")

    def session(self) -> Session:
        """Return a new session on the worker's database; enter it with `async with`."""
        return self.database.session()

    async def progress(self, value: Any) -> None:
        """Store how far the job is, at once and outside any transaction of the job.

        Costs a round trip. At most 8 KB of JSON. Raises `StolenJobError` when the job belongs to
        another worker by now, which is the moment to stop.
        """
        data = to_json(value)
        if len(data) > MAX_PROGRESS_BYTES:
            reason = f"progress of {len(data):,} bytes is more than {MAX_PROGRESS_BYTES:,}."
            raise JobArgumentsError(self.name, reason)
        if not await self.reports.report(self.claimed, data.decode()):
            raise self._stolen()

    async def complete(self, session: AsyncSession) -> None:
        """End the job in the transaction of `session`: its effect and its end commit together.

        A job whose whole effect is in this transaction happens exactly once, whatever dies. Raises
        `StolenJobError` when the job belongs to another worker by now; let it leave the unit.
        Call it at the end of the unit: others who enqueue a `unique` job of the same key wait for
        the COMMIT from then on. In the unit itself the key is free. After the COMMIT do nothing
        that would have to be tried again.
        """
        self.completing = True
        gone = await session.execute(
            _COMPLETE, {"id": self.id, "attempt": self.attempt, "worker": self.worker}
        )
        if gone.first() is None:
            raise self._stolen()

    def _stolen(self) -> StolenJobError:
        return StolenJobError(self.name, self.id, self.attempt)
