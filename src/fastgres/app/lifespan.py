"""What an application opens before its first request, and closes after its last."""

from __future__ import annotations

import time
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastgres.app.blocking import blocking_told
from fastgres.app.drain import drain_on_signal
from fastgres.app.lease import lease_database
from fastgres.db import Database
from fastgres.endpoints import check_declared
from fastgres.idempotency import prepare_idempotent
from fastgres.jobs import tell_of_strangers
from fastgres.observability import configure_logging, get_logger
from fastgres.repository import check_repositories
from fastgres.settings import misspelt_variables
from fastgres.tables import require_tables, tables_kept

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager

    from fastapi import FastAPI
    from sqlalchemy import MetaData

    from fastgres.app.service import Service
    from fastgres.http import Lifecycle
    from fastgres.settings import Settings

log = get_logger(__name__)

IDLE_DEADLINE = 5.0
"""Seconds that requests cut off by the server may take to give their connections back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """Open in order and close in reverse what an application needs while it runs."""

    lifecycle: Lifecycle
    metadata: MetaData | None = None
    database_url: str | None = None
    own: Callable[[FastAPI], AbstractAsyncContextManager[None]] | None = None

    @asynccontextmanager
    async def opened(self, app: Service) -> AsyncIterator[None]:
        """Be the lifespan of `app`; what was opened is closed even when start-up fails halfway."""
        began = time.perf_counter()
        configure_logging(self.lifecycle.settings)
        _warn_of_misspelt(self.lifecycle.settings)
        check_repositories()
        check_declared(app)
        idempotent = prepare_idempotent(app)
        async with AsyncExitStack() as stack:
            if self.lifecycle.settings.environment == "development":
                await stack.enter_async_context(blocking_told())
            if self.lifecycle.database is None:
                await stack.enter_async_context(self._open_database())
            if idempotent:
                await self._require_tables("the idempotent routes of this service")
                if not app.state.jobs:  # else its workers do
                    engine = self.lifecycle.opened_database.engine
                    await stack.enter_async_context(tables_kept(engine))
            elif app.state.jobs:
                await self._require_tables("the jobs of this service")
            if self.lifecycle.settings.environment == "development":
                engine = self.lifecycle.opened_database.engine
                tell_of_strangers(engine.sync_engine, app.state.jobs)
            if self.own is not None:
                await stack.enter_async_context(self.own(app))
                prepare_idempotent(app)  # a route that was added there has all of them built anew
            app.settle_telemetry()
            stack.push_async_callback(self._finish)
            stack.enter_context(drain_on_signal(self.lifecycle))
            log.info("started", ms=round((time.perf_counter() - began) * 1000))
            yield
        log.info("stopped")

    async def _require_tables(self, needed_by: str) -> None:
        engine = self.lifecycle.opened_database.engine
        await require_tables(engine, needed_by=needed_by)

    @asynccontextmanager
    async def _open_database(self) -> AsyncIterator[None]:
        """Open no connection yet: with the server away the service starts, and recovers itself."""
        async with AsyncExitStack() as stack:
            url = self.database_url
            if url is None:
                url = await stack.enter_async_context(lease_database(self.lifecycle.settings))
            database = Database(url, self.lifecycle.settings, metadata=self.metadata)
            stack.push_async_callback(self._close, database)
            database.outage.say_meanwhile("requests that need it are answered 503")
            self.lifecycle.database = database
            yield

    async def _close(self, database: Database) -> None:
        self.lifecycle.database = None
        await database.close()

    async def _finish(self) -> None:
        self.lifecycle.drain()
        if not await self.lifecycle.idle(IDLE_DEADLINE):
            log.warning("requests cut off", active=self.lifecycle.active)


def _warn_of_misspelt(settings: Settings) -> None:
    """Name what looks like a setting and is none: in development, where somebody reads it."""
    if settings.environment == "development":
        for name, meant in misspelt_variables(type(settings)).items():
            log.warning("setting not known", variable=name, did_you_mean=meant)
