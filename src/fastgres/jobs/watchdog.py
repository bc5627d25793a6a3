"""A thread that ends the process when its event loop stands still for longer than a lease."""

from __future__ import annotations

import faulthandler
import os
import sys
import threading
from typing import Final

EXIT_CODE: Final = 70
"""The exit code of a process that its watchdog ended: EX_SOFTWARE."""

TICK: Final = 1.0
"""Seconds between two looks."""


class Watchdog:
    """Ends the process after so many of its own ticks without a sign of life from the loop.

    A loop that stands still renews no lease: its jobs are given to others while it may still be
    at work. Ticks are counted, not seconds: a process that was stopped and goes on has missed as
    many ticks as its loop, and is not ended for it.
    """

    def __init__(self, patience: float) -> None:
        self._patience = max(round(patience / TICK), 1)
        self._missed = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="fastgres-watchdog", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def beat(self) -> None:
        """Say from the loop that it moves."""
        self._missed = 0

    def stop(self) -> None:
        """Stop watching."""
        self._ended.set()

    def _watch(self) -> None:
        while not self._ended.wait(TICK):
            self._missed += 1
            if self._missed > self._patience:
                self._bite()

    def _bite(self) -> None:
        seconds = self._missed * TICK
        sys.stderr.write(
            f"The event loop of this worker has stood still for {seconds:.0f} seconds, longer than "
            "the lease of its jobs allows; the process ends so that others can take them. A job "
            "blocks the loop, here:\n"
        )
        faulthandler.dump_traceback(sys.stderr.fileno())
        os._exit(EXIT_CODE)
