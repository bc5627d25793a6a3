"""A job that came by a message: claimed by its id, ended here, remembered in the inbox."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import text

from fastgres.jobs.claimed import ClaimedJob
from fastgres.jobs.queue import Queue
from fastgres.jobs.relaying import sql
from fastgres.jobs.running import RunningJob

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from fastgres.jobs.link import Link
    from fastgres.jobs.outcome import Outcome
    from fastgres.jobs.queue import Identity

_COMPLETE = text(sql.COMPLETE_DELIVERED)


@dataclass(slots=True, kw_only=True)
class DeliveredJob(RunningJob):
    """A running job that came by a message; its end is remembered under the name `consumer`."""

    consumer: str

    async def complete(self, session: AsyncSession) -> None:
        """End the job in the transaction of `session`, like any other, and remember it there."""
        self.completing = True
        done = await session.execute(
            _COMPLETE,
            {
                "id": self.id,
                "attempt": self.attempt,
                "worker": self.worker,
                "consumer": self.consumer,
            },
        )
        if done.first() is None:
            raise self._stolen()


class DeliveryQueue(Queue):
    """The queue as a consumer behind a broker sees it: messages say which jobs it claims."""

    def __init__(self, link: Link, me: Identity, consumer: str) -> None:
        super().__init__(link, me)
        self._consumer = consumer

    async def claim_one(self, job_id: int) -> ClaimedJob | None:
        """Begin an attempt of this job; None when it is not to be run, or not now."""
        rows = await self._link.fetch(
            sql.CLAIM_DELIVERED, job_id, self._me.id, self._me.lease, self._consumer
        )
        return ClaimedJob.from_row(rows[0]) if rows else None

    async def is_done(self, job_id: int) -> bool:
        """Tell whether this consumer has done the job."""
        return bool(await self._link.fetch(sql.IS_DONE, job_id, self._consumer))

    async def acknowledge(self, outcomes: Sequence[Outcome]) -> set[int]:
        """End attempts that succeeded and remember them; return the ids that were still ours."""
        rows = await self._link.fetch(
            sql.ACKNOWLEDGE_DELIVERED,
            self._me.id,
            [outcome.job.id for outcome in outcomes],
            [outcome.job.attempt for outcome in outcomes],
            [outcome.result for outcome in outcomes],
            [outcome.keep for outcome in outcomes],
            self._consumer,
        )
        return {row[0] for row in rows}
