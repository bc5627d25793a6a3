"""The project's relay: a process that hands jobs to the broker of Celery."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Unpack

from fastgres.db import Database
from fastgres.observability import configure_logging

if TYPE_CHECKING:
    from fastgres.dev.workplace import Workplace
    from fastgres.jobs import RelayOptions


def run_relay(workplace: Workplace, **options: Unpack[RelayOptions]) -> None:
    """Publish the due jobs of the project until SIGTERM or SIGINT; `options` are those of `Relay`.

    Through the application that `[tool.fastgres] celery` names, which `bind_celery` was called
    with.

    Raises:
        ConfigurationError: when none is named, or it is not bound to jobs.
        MigrationError: when the database lacks the tables.

    ```python
    from fastgres.dev import Workplace, run_relay

    def relay() -> None:
        run_relay(Workplace.here(), resend_after=3600.0)

    assert callable(relay)
    ```
    """
    configure_logging(workplace.settings)
    app = workplace.project.load("celery")
    with workplace.address() as url:
        asyncio.run(_relay(app, Database(url, workplace.settings), options))


async def _relay(app: Any, database: Database, options: RelayOptions) -> None:
    from fastgres.celery import relay_to

    try:
        await relay_to(app, database, **options).serve()
    finally:
        await database.close()
