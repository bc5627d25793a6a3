"""Which core does what: one for the contestant, another for the load, all for the database."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager


def cores() -> tuple[int | None, int | None]:
    """Return the core of the contestant and that of the load; None where nothing can be pinned."""
    if not hasattr(os, "sched_getaffinity"):
        return None, None
    allowed = sorted(os.sched_getaffinity(0))
    return (allowed[0], allowed[1]) if len(allowed) > 1 else (allowed[0], allowed[0])


@contextmanager
def pinned(core: int | None) -> Iterator[None]:
    """Let the programs that are started meanwhile run on this core only."""
    if core is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
