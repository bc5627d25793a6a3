"""How the queues stand at this moment, and who works on them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from sqlalchemy import text

from fastgres.jobs.operating import sql

if TYPE_CHECKING:
    from fastgres.db import Database

SILENCE: Final = 60.0
"""Seconds after which a worker that renewed nothing is taken for gone."""


@dataclass(frozen=True, slots=True)
class QueueStatus:
    """Count the jobs of one queue by where they stand.

    `ready` are due now and wait for a worker, `oldest` is how many seconds the first of them has
    waited. `retrying` wait for their next attempt, `scheduled` for their moment, `sent` were handed
    to a broker. `unknown` ones, counted above too, have a name that the application does not know:
    one of `unknown_names`. `slots` is how many jobs its `workers` run at once.

    ```python
    from fastgres.jobs import QueueStatus

    idle = QueueStatus(queue="mail", workers=2, slots=20)
    assert idle.ready == 0 and idle.oldest is None
    ```
    """

    queue: str
    ready: int = 0
    running: int = 0
    retrying: int = 0
    scheduled: int = 0
    sent: int = 0
    dead: int = 0
    unknown: int = 0
    oldest: float | None = None
    workers: int = 0
    slots: int = 0
    unknown_names: tuple[str, ...] = ()

    @property
    def is_unattended(self) -> bool:
        """Whether jobs wait here that no worker will take."""
        return self.workers == 0 and self.ready > 0


@dataclass(frozen=True, slots=True)
class WorkerStatus:
    """Describe one worker process: where it is, what it serves, when it was last heard of.

    `silent` are the seconds since it last renewed its leases.

    ```python
    from fastgres.jobs import read_overview

    assert [worker.host for worker in (await read_overview(database)).workers] == []
    ```
    """

    id: UUID
    host: str
    pid: int
    queues: tuple[str, ...]
    concurrency: int
    started_at: dt.datetime
    silent: float
    running: int


@dataclass(frozen=True, slots=True)
class Overview:
    """Hold the queues by name and the workers by host, as one look at the database gave them.

    ```python
    from fastgres.jobs import Overview, QueueStatus

    seen = Overview(queues=(QueueStatus(queue="mail", dead=3),), workers=())
    assert seen.queues[0].dead == 3
    ```
    """

    queues: tuple[QueueStatus, ...]
    workers: tuple[WorkerStatus, ...]


async def read_overview(database: Database, *, known: Collection[str] = ()) -> Overview:
    """Return how all queues stand; `known` are the names of the application's jobs.

    Counts every waiting job, which takes about a second for a million of them.

    ```python
    from fastgres.jobs import job, read_overview

    @job(queue="mail")
    async def greet(name: str) -> None: ...

    async with session.begin():
        await greet.enqueue(session, name="Ada")
    (mail,) = (await read_overview(database, known=["greet"])).queues
    assert (mail.queue, mail.ready, mail.unknown) == ("mail", 1, 0)
    ```
    """
    async with database.session() as session, session.begin():
        queues = await session.execute(text(sql.QUEUES), {"names": list(known), "silence": SILENCE})
        workers = await session.execute(text(sql.WORKERS), {"silence": SILENCE})
        return Overview(
            queues=tuple(_queue(row) for row in queues),
            workers=tuple(
                WorkerStatus(id_, host, pid, tuple(names), *rest)
                for id_, host, pid, names, *rest in workers
            ),
        )


def _queue(row: Sequence[Any]) -> QueueStatus:
    *counted, names = row
    return replace(QueueStatus(*counted), unknown_names=tuple(names))
