"""What the service is at this moment: its settings, its database, whether it is leaving."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import TYPE_CHECKING

from fastgres.errors import ConfigurationError, ServerUnavailableError, UnavailableError
from fastgres.observability import get_logger, mark_told, take_told

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from fastgres.db import Database
    from fastgres.settings import Settings

log = get_logger(__name__)

LIFECYCLE = "fastgres.lifecycle"
"""Key of the lifecycle in the ASGI scope, where applications mounted inside find it too.

```python
from fastgres.http import LIFECYCLE, Lifecycle
from starlette.types import Scope

def is_leaving(scope: Scope) -> bool:
    lifecycle: Lifecycle = scope[LIFECYCLE]
    return lifecycle.draining
```
"""

READY_FOR = 1.0
"""Seconds for which an answer about readiness is kept."""

PING_DEADLINE = 2.0
"""Seconds the database may take to answer; a probe usually waits no longer itself."""


class Lifecycle:
    """Hold what outlives a request: settings, database, and the requests being answered.

    The application's lifespan sets `database`; `drain()` turns readiness off. `lost_writes` and
    `idempotency` count what became of requests: `first`, `replay`, `409`, `422`, `rollback`.

    ```python
    from fastgres.http import Lifecycle

    lifecycle = Lifecycle(settings)
    lifecycle.drain()
    assert lifecycle.draining
    ```
    """

    def __init__(self, settings: Settings, database: Database | None = None) -> None:
        self.settings = settings
        self.database = database
        self.draining = False
        self.lost_writes = 0
        self.active = 0
        self.idempotency: Counter[str] = Counter()
        self._closings: set[asyncio.Task[None]] = set()
        self._checked = float("-inf")
        self._fault: UnavailableError | None = None
        self._checking = asyncio.Lock()

    def drain(self) -> None:
        """Say not ready from now on; running and new requests are answered all the same.

        Writes no log line, as it is called from signal handlers.
        """
        self.draining = True

    @property
    def opened_database(self) -> Database:
        """The database; raises ConfigurationError before the lifespan has opened it."""
        if self.database is None:
            raise ConfigurationError(
                "There is no database yet: the application's lifespan has not run, so nothing "
                "has opened it. Run the application by a server, or in tests enter "
                "`app.router.lifespan_context(app)` (the `client` fixture does), or pass "
                "`database=` to create_app."
            )
        return self.database

    async def check_ready(self) -> None:
        """Return when the service can do its work; raise UnavailableError when it cannot.

        The database is asked at most once a second, by one request for all that wait.
        """
        if self.draining:
            raise UnavailableError("The service is shutting down.")
        async with self._checking:
            if time.monotonic() - self._checked >= READY_FOR:
                self._remember(await self._ask())
        if self._fault is not None:
            mark_told(self._fault)
            raise self._fault

    async def _ask(self) -> UnavailableError | None:
        try:
            async with asyncio.timeout(PING_DEADLINE):
                await self.opened_database.ping()
        except Exception as error:  # noqa: BLE001 - whatever it is, it means not ready
            self._tell(error)
            return ServerUnavailableError()
        return None

    def _tell(self, error: Exception) -> None:
        why = f"{type(error).__name__}: {error}"
        log.debug("not ready", error=why)
        if self.database is not None and not take_told(error):
            self.database.outage.lost(error=why)

    def _remember(self, fault: UnavailableError | None) -> None:
        if fault is None and self._fault is not None:
            self.opened_database.outage.found()
        self._fault = fault
        self._checked = time.monotonic()

    def close_later(self, closing: asyncio.Task[None]) -> None:
        """Keep a cleanup whose request was cancelled, so that shutdown waits for it."""
        self._closings.add(closing)
        closing.add_done_callback(self._closings.discard)

    async def idle(self, deadline: float) -> bool:
        """Wait until no request is being answered; False when `deadline` seconds pass first."""
        end = time.monotonic() + deadline
        while self.active or self._closings:
            if time.monotonic() >= end:
                return False
            await asyncio.sleep(0.01)
        return True


def has_boundary(app: Starlette) -> bool:
    """Tell whether an application has a boundary of its own."""
    return isinstance(getattr(app.state, "lifecycle", None), Lifecycle)
