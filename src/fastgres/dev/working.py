"""The project's jobs: a process that runs them, and a worker beside the development server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from fastapi import FastAPI

from fastgres.app import work, working_beside
from fastgres.dev.schema import require_head
from fastgres.dev.workplace import Workplace
from fastgres.jobs import WorkerStats
from fastgres.observability import configure_logging, get_logger

log = get_logger(__name__)

BESIDE: Final = 4
"""Jobs at once beside the development server, whose requests share the pool with them."""


def run_worker(
    workplace: Workplace, *, queues: Sequence[str] = (), concurrency: int | None = None
) -> WorkerStats:
    """Run the project's jobs until SIGTERM or SIGINT, on a schema that is the code's.

    `queues`: all of the jobs' unless given; `concurrency`: `WORKER_CONCURRENCY` unless given. The
    pool is as large as that at least: each job may hold a session.

    Raises:
        MigrationError: when the schema is not at head; says the command.

    ```python
    from fastgres.dev import Workplace, run_worker

    def send_mail() -> None:
        run_worker(Workplace.here(), queues=["mail"], concurrency=5)

    assert callable(send_mail)
    ```
    """
    configure_logging(workplace.settings)
    wanted = concurrency or workplace.settings.worker_concurrency
    roomy = with_room(workplace, wanted)
    with workplace.address() as url:
        asyncio.run(require_head(workplace, url))
        return asyncio.run(
            work(
                roomy.make_application(),
                queues=list(queues) or None,
                concurrency=wanted,
                grace=workplace.settings.shutdown_timeout,
                listen=workplace.settings.database_pooler == "none",
                watchdog=workplace.settings.environment != "development",
            )
        )


def with_room(workplace: Workplace, concurrency: int) -> Workplace:
    """Return the workplace with a pool that has a connection for each job at least."""
    size = max(workplace.settings.database_pool_size, concurrency)
    settings = workplace.settings.model_copy(update={"database_pool_size": size})
    return Workplace(workplace.project, settings, workplace.given)


def with_worker(app: FastAPI, *, grace: float) -> FastAPI:
    """Let a worker run as long as the application does."""
    alone = app.router.lifespan_context

    @asynccontextmanager
    async def together(running: Any) -> AsyncIterator[Any]:
        async with alone(running) as state, working_beside(app, concurrency=BESIDE, grace=grace):
            yield state

    app.router.lifespan_context = together
    return app
