"""Tell in development what keeps the event loop from everything else."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic
from typing import Final

from fastgres.observability import get_logger, place_in

log = get_logger(__name__)

PATIENCE: Final = 5.0
"""Seconds that the loop may stand still before it is told of."""

_INTERVAL: Final = 0.5
"""Seconds between two looks."""


@asynccontextmanager
async def blocking_told(patience: float = PATIENCE) -> AsyncIterator[None]:
    """Log where the loop stands still, once each time, as long as the block lasts.

    Requests, jobs and leases wait for code that blocks, and none of them can say why. A worker in
    production is ended by its watchdog instead.
    """
    lookout = _Lookout(asyncio.get_running_loop(), patience)
    lookout.start()
    try:
        yield
    finally:
        lookout.leave()


class _Lookout(threading.Thread):
    """Asks the loop for a sign of life, again and again."""

    def __init__(self, loop: asyncio.AbstractEventLoop, patience: float) -> None:
        super().__init__(name="fastgres-lookout", daemon=True)
        self._loop = loop
        self._patience = patience
        self._watched = threading.get_ident()
        self._ended = threading.Event()

    def leave(self) -> None:
        """Look no more."""
        self._ended.set()

    def run(self) -> None:
        """Look until `leave()`, or until the loop is closed."""
        while not self._ended.wait(_INTERVAL):
            moved = threading.Event()
            began = monotonic()
            try:
                self._loop.call_soon_threadsafe(moved.set)
            except RuntimeError:
                return
            if not moved.wait(self._patience) and not self._ended.is_set():
                self._tell()
                while not moved.wait(_INTERVAL) and not self._ended.is_set():
                    pass
                log.warning("event loop free again", seconds=round(monotonic() - began, 1))

    def _tell(self) -> None:
        frame = sys._current_frames().get(self._watched)  # noqa: SLF001 - the documented way
        if frame is not None:
            log.warning(
                "event loop blocked",
                seconds=self._patience,
                at=place_in(frame),
                hint="await, or asyncio.to_thread: requests and jobs wait meanwhile",
            )
