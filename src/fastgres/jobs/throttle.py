"""How often a process wakes the workers."""

from __future__ import annotations

from collections.abc import Iterable
from time import monotonic
from typing import Final
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine

INTERVAL: Final = 0.05
"""Seconds between two notifications of one queue by one process.

NOTIFY takes a lock of the whole database from the statement before COMMIT to its end. A worker
that was woken goes on looking for as long, so that a job in between waits for nothing else.
"""

OPTION: Final = "fastgres_notify"
"""Execution option of an engine: False keeps its sessions from notifying at all."""

_last: WeakKeyDictionary[Engine, dict[str, float]] = WeakKeyDictionary()


def channel_of(queue: str) -> str:
    """Return the channel on which workers of a queue listen."""
    return f"fastgres_jobs_{queue}"


def channels_to_notify(bind: Engine | Connection, queues: Iterable[str]) -> list[str]:
    """Return the channels of those queues that were not notified just now, and note that."""
    if not bind.get_execution_options().get(OPTION, True):
        return []
    engine = bind if isinstance(bind, Engine) else bind.engine
    last = _last.setdefault(engine, {})
    now = monotonic()
    due = [queue for queue in sorted(set(queues)) if now - last.get(queue, -INTERVAL) >= INTERVAL]
    last.update(dict.fromkeys(due, now))
    return [channel_of(queue) for queue in due]


def forget_notified(bind: Engine | Connection, queues: Iterable[str]) -> None:
    """Take back that these queues were notified: nothing was enqueued, and nobody woken."""
    engine = bind if isinstance(bind, Engine) else bind.engine
    last = _last.get(engine, {})
    for queue in queues:
        last.pop(queue, None)
