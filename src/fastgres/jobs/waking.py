"""What lets a worker sleep while there is nothing to do."""

from __future__ import annotations

import asyncio
import random
from time import monotonic
from typing import Final

from fastgres.jobs.throttle import INTERVAL

_AFTERWARDS: Final = 0.01
"""Seconds between two looks just after a notification.

Processes notify once in `INTERVAL`: what is enqueued within it tells nobody, and is looked for.
"""


class Alarm:
    """Rings when something was enqueued, else when it is time to look anyway."""

    def __init__(self, poll: float) -> None:
        self._poll = poll
        self._event = asyncio.Event()
        self._rung = float("-inf")

    def ring(self) -> None:
        """Wake the worker now."""
        self._rung = monotonic()
        self._event.set()

    def clear(self) -> None:
        """Forget earlier rings; before looking, so that none in between is lost."""
        self._event.clear()

    async def wait(self) -> None:
        """Sleep until it rings, or about `poll` seconds: workers spread out by themselves."""
        recently = monotonic() - self._rung < INTERVAL + 2 * _AFTERWARDS
        spread = random.uniform(0.75, 1.25)  # noqa: S311 - no secret, only spread
        await self.pause(_AFTERWARDS if recently else self._poll * spread)

    async def pause(self, seconds: float) -> None:
        """Sleep until it rings, or so long."""
        try:
            async with asyncio.timeout(seconds):
                await self._event.wait()
        except TimeoutError:
            pass
