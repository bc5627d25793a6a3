"""What jobs returned, where it was kept."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from fastgres.jobs import sql

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

_FIND = text(sql.FIND_RESULT)


@dataclass(frozen=True, slots=True)
class JobResult:
    """What a job returned, as JSON values, and when.

    ```python
    from fastgres.jobs import JobResult, find_result

    result: JobResult | None = await find_result(session, 7)
    assert result is None
    ```
    """

    name: str
    value: Any
    finished_at: dt.datetime


async def find_result(session: AsyncSession, job_id: int) -> JobResult | None:
    """Return what a job returned, None while it has not ended, and once its time is over.

    Kept for jobs with `keep_result`, as JSON of at most 64 KB, from the moment the worker has
    written the job's end down. A job that ends itself by `complete` keeps none: it can write what
    it found in the same transaction.

    ```python
    from fastgres.jobs import Worker, find_result, job

    @job(keep_result=3600)
    async def add(a: int, b: int) -> int:
        return a + b

    async with session.begin():
        job_id = await add.enqueue(session, a=1, b=2)
    await Worker(database, [add]).drain()
    result = await find_result(session, job_id or 0)
    assert result is not None and result.value == 3
    ```
    """
    row = (await session.execute(_FIND, {"id": job_id})).first()
    return None if row is None else JobResult(*row)
