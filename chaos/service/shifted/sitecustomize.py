"""A Python whose clock is wrong by CHAOS_SHIFT seconds; what waits (monotonic) is right."""

from __future__ import annotations

import datetime as dt
import os
import time
from typing import Any, Self

_SHIFT = float(os.environ.get("CHAOS_SHIFT", "0"))
_time, _time_ns = time.time, time.time_ns
_datetime = dt.datetime


class _Any(type):
    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, _datetime)


class _Shifted(_datetime, metaclass=_Any):
    @classmethod
    def now(cls, tz: dt.tzinfo | None = None) -> Self:
        """Return a time that is wrong."""
        return cls.fromtimestamp(time.time(), tz)

    @classmethod
    def utcnow(cls) -> Self:
        """Return a time that is wrong."""
        return cls.fromtimestamp(time.time(), dt.UTC).replace(tzinfo=None)


time.time = lambda: _time() + _SHIFT
time.time_ns = lambda: _time_ns() + int(_SHIFT * 1_000_000_000)
dt.datetime = _Shifted  # type: ignore[misc]  # the lie itself
