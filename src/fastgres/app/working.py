"""Running the jobs of an application: in a process of their own, or beside its server."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Unpack

from fastgres.errors import ConfigurationError, UnknownNameError
from fastgres.jobs import Job, Worker, WorkerOptions, WorkerStats
from fastgres.observability import get_logger

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from fastapi import FastAPI

    from fastgres.http import Lifecycle

log = get_logger(__name__)


def jobs_of(app: FastAPI) -> dict[str, Job[Any]]:
    """Return the jobs that an application was made with, by name.

    ```python
    from fastgres.app import create_app, jobs_of
    from fastgres.jobs import job

    @job()
    async def greet(name: str) -> None: ...

    app = create_app(settings, title="Greeter", routers=[], jobs=[greet], database=database)
    assert jobs_of(app) == {"greet": greet}
    ```
    """
    found: dict[str, Job[Any]] = getattr(app.state, "jobs", {})
    return found


async def work(app: FastAPI, **options: Unpack[WorkerOptions]) -> WorkerStats:
    """Run the jobs of an application until SIGTERM or SIGINT; return what became of them.

    Its lifespan is entered first, so that jobs find open what requests find. A second signal stops
    at once.

    Raises:
        ConfigurationError: it has no jobs, or none in one of the queues.
        MigrationError: the database lacks the tables.

    ```python
    import asyncio
    from fastgres.app import work
    from fastapi import FastAPI

    def run(app: FastAPI) -> None:
        asyncio.run(work(app, queues=["mail"], concurrency=5))

    assert callable(run)
    ```
    """
    _check(jobs_of(app), options)
    async with app.router.lifespan_context(app):
        worker = _worker(app, options)
        await worker.serve()
        return worker.stats


@asynccontextmanager
async def working_beside(app: FastAPI, **options: Unpack[WorkerOptions]) -> AsyncIterator[None]:
    """Run the jobs of an application, whose lifespan is entered, on the loop of its server.

    For development. A worker that fails is logged, and the server goes on.

    ```python
    from fastgres.app import create_app, working_beside

    app = create_app(settings, title="Greeter", routers=[], database=database)
    async with working_beside(app, concurrency=2):
        pass  # no jobs, no worker
    ```
    """
    if not jobs_of(app):
        yield
        return
    worker = _worker(app, options)
    running = asyncio.create_task(_run(worker))
    try:
        yield
    finally:
        worker.stop()
        await running


def _worker(app: FastAPI, options: WorkerOptions) -> Worker:
    lifecycle: Lifecycle = app.state.lifecycle
    return Worker(lifecycle.opened_database, jobs_of(app).values(), **options)


def _check(jobs: dict[str, Job[Any]], options: WorkerOptions) -> None:
    if not jobs:
        raise ConfigurationError(
            "This application has no jobs, so that a worker would wait for ever. Name them where "
            "it is made: create_app(..., jobs=[shop.jobs.receipts]) takes modules and jobs."
        )
    known = {job.options.queue for job in jobs.values()}
    for queue in options.get("queues") or ():
        if queue not in known:
            raise UnknownNameError("queue", queue, known)


async def _run(worker: Worker) -> None:
    try:
        await worker.run()
    except Exception as error:
        log.exception("worker failed", error=str(error))
