"""What was measured of each queue."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from bench.jobs.plan import KINDS, WORKERS

Cell = tuple[str, int]
"""A kind of job and a number of workers."""

PERCENTILES: Final = (50, 95, 99)
CELLS: tuple[Cell, ...] = tuple((kind, number) for kind in KINDS for number in WORKERS)


@dataclass(frozen=True, slots=True)
class Held:
    """Jobs a second before an old transaction was opened, and after it was open for so long."""

    seconds: float
    before: float
    after: float


@dataclass(slots=True)
class Figures:
    """All rounds of one queue: rates are a second, delays milliseconds."""

    enqueued: list[float] = field(default_factory=list)
    filled: list[float] = field(default_factory=list)
    ended: dict[Cell, list[float]] = field(default_factory=dict)
    delays: list[float] = field(default_factory=list)
    held: Held | None = None

    def delay(self, percentile: int) -> float | None:
        """Return a percentile of all delays."""
        if len(self.delays) < 2:
            return None
        return statistics.quantiles(self.delays, n=100, method="inclusive")[percentile - 1]

    def share(self) -> float | None:
        """Return what is left of the rate beside an old transaction."""
        return self.held.after / self.held.before if self.held else None

    def rate(self, cell: Cell) -> float | None:
        """Return the median of jobs ended a second."""
        return middle(self.ended.get(cell, ()))

    def plain(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        held = self.held
        return {
            "enqueue in a transaction": middle(self.enqueued),
            "enqueue in batches": middle(self.filled),
            "end to end": {
                f"{kind}, {number}": self.rate((kind, number)) for kind, number in CELLS
            },
            "pick-up ms": {f"p{at}": self.delay(at) for at in PERCENTILES},
            "old transaction": held
            and {"seconds": held.seconds, "before": held.before, "after": held.after},
        }


def middle(rates: Sequence[float]) -> float | None:
    """Return the median, None of nothing."""
    return statistics.median(rates) if rates else None
