"""A job that the application does not have is told of in development."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from fastgres.app import create_app
from fastgres.jobs import job
from tests.jobs.workshop import leave_note

if TYPE_CHECKING:
    from fastgres.db import Database
    from fastgres.settings import Settings

pytestmark = pytest.mark.clone


@job()
async def stranger() -> None:
    """Be no job of the application."""


async def warned(settings: Settings, database: Database, environment: str) -> list[str]:
    """Return the jobs that were warned of, each enqueued twice while the application runs."""
    own = settings.model_copy(update={"environment": environment})
    app = create_app(own, title="Notes", routers=[], jobs=[leave_note], database=database)
    async with app.router.lifespan_context(app), database.session() as session:
        with capture_logs() as lines:
            for each in (leave_note, stranger, stranger):
                async with session.begin():
                    await each.enqueue(session)
    told = "job unknown to the application"
    return [line["job"] for line in lines if line["event"] == told]


async def test_it_is_told_of_once(settings: Settings, database: Database) -> None:
    assert await warned(settings, database, "development") == ["stranger"]


async def test_another_service_may_run_it_elsewhere(settings: Settings, database: Database) -> None:
    assert await warned(settings, database, "test") == []
