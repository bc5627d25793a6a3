"""Jobs beside the development server, and the room that a worker makes for its own."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fastgres.app import create_app
from fastgres.dev import Workplace
from fastgres.dev.working import with_room, with_worker
from fastgres.jobs import job
from fastgres.settings import Project
from tests.cli import chores
from tests.dev.test_server import running

if TYPE_CHECKING:
    from fastgres.db import Database
    from fastgres.settings import Settings

greeted = asyncio.Event()


@job()
async def greet() -> None:
    """Tell that it ran."""
    greeted.set()


@pytest.mark.clone
async def test_worker_runs_as_long_as_the_application(
    settings: Settings, database: Database
) -> None:
    """It starts with each reload, and ends with the server."""
    app = create_app(settings, title="Test", routers=[], jobs=[greet], database=database)
    with_worker(app, grace=1)
    for _ in range(2):
        greeted.clear()
        async with asyncio.timeout(30), app.router.lifespan_context(app):
            async with database.session() as session, session.begin():
                await greet.enqueue(session)
            await greeted.wait()


@pytest.mark.parametrize(("concurrency", "size"), [(3, 10), (25, 25)])
def test_each_job_may_hold_a_session(settings: Settings, concurrency: int, size: int) -> None:
    """With a smaller pool some would wait for others, and fail for it."""
    project = Project(root=Path.cwd(), app="tests.models:no_application", metadata="none:none")
    roomy = with_room(Workplace(project, settings), concurrency)
    assert roomy.settings.database_pool_size == size


@pytest.mark.xdist_group("cli")
@pytest.mark.timeout(300)
def test_dev_runs_jobs_unless_told_otherwise(tmp_path: Path) -> None:
    """A job that was enqueued while no worker ran waits for the next start."""
    folder = chores.write(tmp_path)
    with running(folder, "dev", "--no-reload", "--no-worker") as server:
        server.wait_for("is running")
        chores.enqueue(folder, "greet", "Ada")
    assert not (folder / "greeted").exists()
    with running(folder, "dev", "--no-reload") as server:
        server.wait_for("job done")
    assert (folder / "greeted").read_text() == "Ada\n"
