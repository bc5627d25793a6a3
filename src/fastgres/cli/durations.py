"""Spans of time as people write and read them."""

from __future__ import annotations

import re

import typer

UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}

_WRITTEN = re.compile(r"(\d+)([smhdw])")


def read_span(text: str) -> float:
    """Return the seconds of `90s`, `15m`, `12h`, `7d` or `2w`."""
    found = _WRITTEN.fullmatch(text)
    if found is None:
        message = f"{text!r} is no span of time; write a number and s, m, h, d or w: 7d."
        raise typer.BadParameter(message)
    return float(found[1]) * UNITS[found[2]]


def write_span(seconds: float) -> str:
    """Return a span in its largest unit: `8 s`, `15 min`, `3 h`, `9 d`."""
    for limit, size, unit in ((100, 1, "s"), (6_000, 60, "min"), (172_800, 3_600, "h")):
        if seconds < limit:
            return f"{max(seconds, 0) / size:.0f} {unit}"
    return f"{seconds / 86_400:.0f} d"
