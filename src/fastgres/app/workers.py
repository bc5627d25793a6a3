"""Several worker processes on one socket, and their common end."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from uvicorn.supervisors import Multiprocess

from fastgres.observability import get_logger

if TYPE_CHECKING:
    import socket

    import uvicorn

log = get_logger(__name__)

MARGIN = 15.0
"""Seconds beyond drain and shutdown after which a worker is taken for hung."""


class Workers(Multiprocess):
    """Supervise workers as uvicorn does, and see that they all end in time.

    uvicorn waits for its workers for ever and keeps the socket open meanwhile, so that new
    connections would hang instead of being refused.
    """

    def __init__(
        self, config: uvicorn.Config, sockets: list[socket.socket], *, patience: float
    ) -> None:
        super().__init__(config, sockets)
        self._patience = patience + MARGIN

    def terminate_all(self) -> None:
        """Tell every worker to drain; the socket is theirs alone from now on."""
        super().terminate_all()
        for one in self.sockets:
            one.close()

    def join_all(self) -> None:
        """Wait for the workers; kill those that outstay, or all of them at a second signal."""
        deadline = time.monotonic() + self._patience
        self.signal_queue.clear()
        while any(worker.process.is_alive() for worker in self.processes):
            if self.signal_queue or time.monotonic() > deadline:
                self._kill_all()
                return
            time.sleep(0.05)

    def _kill_all(self) -> None:
        log.warning("workers killed", asked=bool(self.signal_queue))
        for worker in self.processes:
            worker.process.kill()
            worker.process.join()
