"""What jobs returned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from fastgres.jobs import Worker, find_result, job

if TYPE_CHECKING:
    from fastgres.db import Database, Session

EXPIRE = text("UPDATE fastgres.job_results SET expires_at = now()")


@job(keep_result=60)
async def add(a: int, b: int) -> dict[str, int]:
    """Adds."""
    return {"sum": a + b}


async def test_result_is_found_until_its_time_is_over(session: Session, database: Database) -> None:
    async with session.begin():
        job_id = await add.enqueue(session, 1, 2)
    assert job_id is not None
    assert await find_result(session, job_id) is None
    await Worker(database, [add]).drain()
    result = await find_result(session, job_id)
    assert result is not None
    assert (result.name, result.value) == ("add", {"sum": 3})
    async with session.begin():
        await session.execute(EXPIRE)
    assert await find_result(session, job_id) is None
