"""Enqueueing: one INSERT in the caller's own transaction."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic_core import to_json
from sqlalchemy import text

from fastgres.errors import ConfigurationError
from fastgres.jobs import sql
from fastgres.jobs.throttle import channels_to_notify
from fastgres.observability import current_request_id, current_traceparent

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.ext.asyncio import AsyncSession

_ENQUEUE = text(sql.ENQUEUE)

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


async def enqueue_many(
    session: AsyncSession, calls: Iterable[Call], *, when: When | None = None
) -> list[int | None]:
    """Enqueue many jobs in one statement; return their ids in order, None for each unique twin.

    They commit and roll back with the transaction of `session`, as everything in it.

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
    result = await session.execute(_ENQUEUE, _parameters(session, given, when))
    return [row[0] for row in result]


def _parameters(session: AsyncSession, calls: list[Call], when: When | None) -> dict[str, Any]:
    due = [call.queue for call in calls] if when is None else []
    return {
        "names": [call.name for call in calls],
        "queues": [call.queue for call in calls],
        "versions": [call.version for call in calls],
        "arguments": [call.arguments for call in calls],
        "priorities": [call.priority for call in calls],
        "attempts": [call.max_attempts for call in calls],
        "unique_keys": [call.unique_key for call in calls],
        "targets": [call.target for call in calls],
        "headers": to_json(_headers()).decode(),
        "channels": channels_to_notify(session.get_bind(), due),
        **_moment(when),
    }


def _headers() -> dict[str, str]:
    carried = {"request_id": current_request_id(), "traceparent": current_traceparent()}
    return {name: value for name, value in carried.items() if value is not None}


def _moment(when: When | None) -> dict[str, Any]:
    if isinstance(when, dt.datetime) and when.utcoffset() is None:
        raise ConfigurationError(
            f"A job was scheduled for {when.isoformat()!r}, which has no time zone. Workers stand "
            "in other zones than browsers and databases. Give one: datetime(..., tzinfo=UTC)."
        )
    return {
        "at": when if isinstance(when, dt.datetime) else None,
        "after": when.total_seconds() if isinstance(when, dt.timedelta) else None,
    }
