"""Ctrl-C and SIGTERM end the development server the same way: in order, with exit code 0."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

STOPS = (signal.SIGINT, signal.SIGTERM)


class _Stop:
    def __init__(self) -> None:
        self.asked = False

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        """Interrupt once; what then runs is the cleanup, which a second Ctrl-C must not break."""
        if not self.asked:
            self.asked = True
            raise KeyboardInterrupt


@contextmanager
def until_interrupted() -> Iterator[None]:
    """Run the block until it ends or a signal asks it to; either is a normal end."""
    stop = _Stop()
    before = {number: signal.signal(number, stop) for number in STOPS}
    try:
        yield
    except KeyboardInterrupt:
        if not stop.asked:
            raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
