"""Waiting for other processes, which cannot set an event of ours."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

_PAUSE: Final = 0.1


async def until(there: Callable[[], Awaitable[bool]], *, patience: float) -> bool:
    """Ask until it is so; tell whether it was within so many seconds."""
    deadline = time.monotonic() + patience
    while True:
        if await there():
            return True
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(_PAUSE)
