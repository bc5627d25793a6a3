"""How long each measurement takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Plan:
    """Numbers of jobs, and seconds. `held` is how long an idle transaction is open, 0 for never."""

    jobs: int
    enqueue: float
    ticks: int
    rounds: int
    held: float

    @classmethod
    def full(cls) -> Self:
        """About ten minutes a queue."""
        return cls(jobs=20_000, enqueue=10.0, ticks=300, rounds=3, held=300.0)

    @classmethod
    def quick(cls) -> Self:
        """Below half a minute a queue, less exact."""
        return cls(jobs=1_000, enqueue=1.0, ticks=20, rounds=1, held=0.0)
