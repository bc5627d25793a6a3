"""From a signal to a quiet end: readiness off, a pause for the load balancer, then the server.

The handlers go over those of uvicorn, from the lifespan, so that every way to run the
application drains: `fastgres serve`, its workers, and plain `uvicorn` alike.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import uvicorn

from fastgres.observability import get_logger

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from fastgres.http import Lifecycle

log = get_logger(__name__)

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Drain:
    """Answer the first signal by draining, and the same signal again by leaving at once.

    A different second signal is none of the operator's impatience: on Ctrl-C a worker gets
    SIGINT from the terminal and SIGTERM from its parent.
    """

    def __init__(self, lifecycle: Lifecycle, server: uvicorn.Server) -> None:
        self._lifecycle = lifecycle
        self._server = server
        self._loop = asyncio.get_running_loop()
        self._first: int | None = None

    def handle(self, number: int, _frame: FrameType | None) -> None:
        """Be the signal handler: do nothing here that may wait, log or allocate much."""
        if self._first is None:
            self._first = number
            self._lifecycle.drain()
            self._loop.call_soon_threadsafe(self._stop_later)
        elif number == self._first:
            self._server.force_exit = True
            self._server.should_exit = True

    def _stop_later(self) -> None:
        delay = self._lifecycle.settings.drain_delay
        log.info("draining", delay=delay, active=self._lifecycle.active)
        self._loop.call_later(delay, self._stop)

    def _stop(self) -> None:
        self._server.handle_exit(self._first or signal.SIGTERM, None)


@contextmanager
def drain_on_signal(lifecycle: Lifecycle) -> Iterator[None]:
    """Drain `lifecycle` before the uvicorn around it stops; do nothing without one."""
    lifecycle.draining = False
    server = _server()
    if server is None:
        yield
        return
    drain = Drain(lifecycle, server)
    before = {number: signal.signal(number, drain.handle) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _server() -> uvicorn.Server | None:
    """Return the uvicorn that handles the signals of this process, if one does."""
    if threading.current_thread() is not threading.main_thread():
        return None
    owner = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
    return owner if isinstance(owner, uvicorn.Server) else None
