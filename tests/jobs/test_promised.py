"""A job is enqueued in a unit of work, or not at all."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from fastgres.errors import ConfigurationError
from fastgres.jobs import enqueue_many
from tests.jobs.workshop import leave_note, value

if TYPE_CHECKING:
    from fastgres.db import Database, Session

COUNT = "SELECT count(*) FROM fastgres.jobs"


async def test_job_outside_of_a_unit_is_refused(session: Session) -> None:
    """In a test that is rolled back it would even be run, and lost in the service."""
    with pytest.raises(ConfigurationError, match=r"'leave_note'.* outside of a unit"):
        await leave_note.enqueue(session)
    with pytest.raises(ConfigurationError, match="outside of a unit"):
        await leave_note.schedule(session, timedelta(days=1))
    with pytest.raises(ConfigurationError, match="outside of a unit"):
        await enqueue_many(session, [leave_note.call(), leave_note.call()])


@pytest.mark.clone
async def test_session_of_sqlalchemy_is_committed_as_its_owner_does(database: Database) -> None:
    async with AsyncSession(database.engine) as session:
        await leave_note.enqueue(session)
        await session.commit()
    assert await value(database, COUNT) == 1
