"""Waking up when something was enqueued, over a connection that does nothing else."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

import asyncpg

from fastgres.db import translate
from fastgres.errors import ProblemError
from fastgres.jobs import sql
from fastgres.jobs.throttle import channel_of
from fastgres.observability import Outage, get_logger

if TYPE_CHECKING:
    from fastgres.db import Database

log = get_logger(__name__)

PING: Final = 10.0
"""Seconds between two questions whether the connection still lives: a dead one is silent."""

PING_DEADLINE: Final = 5.0
"""Seconds to wait for the answer."""

_FAULTS = (
    ProblemError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
)


class Listener:
    """Calls `wake` for each notification of the queues; without it, polling finds everything."""

    def __init__(self, database: Database, queues: Sequence[str], wake: Callable[[], None]) -> None:
        self._database = database
        self._queues = queues
        self._wake = wake
        self._refused = Outage(log, "listening for jobs", words=("refused", "possible again"))
        self._refused.say_meanwhile("jobs are found by looking, `poll` seconds later at most")

    async def run(self) -> None:
        """Listen for ever, on a new connection whenever the old one is lost."""
        while True:
            try:
                await self._listen()
            except _FAULTS as error:
                self._tell(error)
            await asyncio.sleep(random.uniform(0.5, 1.5))  # noqa: S311 - no secret, only spread

    def _tell(self, error: Exception) -> None:
        """Say what the server refuses; one that is away is told of by the connections to it."""
        name = type(error).__name__
        if isinstance(error, asyncpg.PostgresError) and translate(error) is None:
            self._refused.lost(error=f"{name}: {error}")
        else:
            log.debug("listening interrupted", error=name)

    async def _listen(self) -> None:
        connection = await self._database.connect()
        lost = asyncio.Event()
        connection.add_termination_listener(lambda _: lost.set())
        try:
            for queue in self._queues:
                await connection.add_listener(channel_of(queue), self._notified)
            self._refused.found()
            self._wake()
            while not await _happens(lost, PING):
                async with asyncio.timeout(PING_DEADLINE):
                    await connection.fetchval(sql.NOW)
        finally:
            connection.terminate()

    def _notified(self, *_: Any) -> None:
        self._wake()


async def _happens(event: asyncio.Event, seconds: float) -> bool:
    """Wait for an event, and tell whether it came within `seconds`."""
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False
