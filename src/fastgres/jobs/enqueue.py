"""Enqueueing: one INSERT in the caller's own transaction."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic_core import to_json

from fastgres.db import run_inside
from fastgres.errors import ConfigurationError
from fastgres.jobs import sql
from fastgres.jobs.promised import check_unit
from fastgres.jobs.strangers import note_enqueued
from fastgres.jobs.throttle import channels_to_notify, forget_notified
from fastgres.observability import current_request_id, current_traceparent
from fastgres.tables import tables_needed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.ext.asyncio import AsyncSession

When = dt.datetime | dt.timedelta
"""A moment with a time zone, or how long after now; now is the beginning of the transaction.

```python
from datetime import timedelta
from fastgres.jobs import When

tomorrow: When = timedelta(days=1)
assert tomorrow.total_seconds() == 86_400
```
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A job with its arguments, checked and written, ready to be enqueued.

    ```python
    from fastgres.jobs import Call, job

    @job(queue="mail")
    async def greet(name: str) -> None: ...

    call: Call = greet.call(name="Ada")
    assert (call.queue, call.arguments) == ("mail", '{"name":"Ada"}')
    ```
    """

    name: str
    queue: str
    version: int
    arguments: str
    priority: int
    max_attempts: int
    unique_key: str | None
    target: str

    @property
    def row(self) -> tuple[object, ...]:
        """Its columns, in the order in which the statements take them."""
        return (
            self.name,
            self.queue,
            self.version,
            self.arguments,
            self.priority,
            self.max_attempts,
            self.unique_key,
            self.target,
        )


async def enqueue_many(
    session: AsyncSession, calls: Iterable[Call], *, when: When | None = None
) -> list[int | None]:
    """Enqueue many jobs in one statement; return their ids in order, None for each unique twin.

    They commit and roll back with the transaction of `session`, as everything in it. Raises
    ConfigurationError outside of a unit of work, whose end would lose them, and MigrationError in a
    database without the tables.

    ```python
    from fastgres.jobs import enqueue_many, job

    @job()
    async def greet(name: str) -> None: ...

    async with session.begin():
        ids = await enqueue_many(session, [greet.call(name=name) for name in ("Ada", "Alan")])
    assert None not in ids
    ```
    """
    given = list(calls)
    if not given:
        return []
    check_unit(session, given[0].name)
    note_enqueued(session.get_bind(), (call.name for call in given))
    with tables_needed(f"the job {given[0].name!r}"):
        return await _insert(session, given, when)


async def _insert(session: AsyncSession, given: list[Call], when: When | None) -> list[int | None]:
    shared = (to_json(_headers()).decode(), *_moment(when))
    bind, queues = session.get_bind(), [call.queue for call in given]
    channels = [] if when is not None else channels_to_notify(bind, queues)
    if len(given) > 1:
        columns = _columns(given)
        values: tuple[object, ...] = (*columns, *shared, channels)
        rows = await run_inside(session, sql.ENQUEUE_MANY, values, change="new jobs")
        return [row[0] for row in rows]
    statement = sql.ENQUEUE_AND_WAKE if channels else sql.ENQUEUE
    values = (*given[0].row, *shared, *channels)
    rows = await run_inside(session, statement, values, change=f"new job {given[0].name}")
    if not rows:
        forget_notified(bind, queues)
    return [rows[0][0] if rows else None]


def _columns(calls: list[Call]) -> tuple[list[object], ...]:
    return tuple(list(column) for column in zip(*(call.row for call in calls), strict=True))


def _headers() -> dict[str, str]:
    carried = {"request_id": current_request_id(), "traceparent": current_traceparent()}
    return {name: value for name, value in carried.items() if value is not None}


def _moment(when: When | None) -> tuple[dt.datetime | None, float | None]:
    if isinstance(when, dt.datetime) and when.utcoffset() is None:
        raise ConfigurationError(
            f"A job was scheduled for {when.isoformat()!r}, which has no time zone. Workers stand "
            "in other zones than browsers and databases. Give one: datetime(..., tzinfo=UTC)."
        )
    at = when if isinstance(when, dt.datetime) else None
    return at, when.total_seconds() if isinstance(when, dt.timedelta) else None
