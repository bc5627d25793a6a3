"""How long each measurement takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

WORKERS: Final = (1, 4)
KINDS: Final = ("noop", "ms")

PAUSE: Final = 0.15
"""Seconds between two jobs whose delay is measured: workers are at rest in between."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Rounds over all queues, and what is done in each.

    `seconds`: about how long a filled queue lasts. `held`: how long an old transaction stays open
    for fastgres, `held_peers` for the others on PostgreSQL; 0 for never.
    """

    rounds: int
    enqueue: float
    seconds: float
    ticks: int
    held: float
    held_peers: float
    command: str

    @classmethod
    def full(cls) -> Self:
        """Measure what is written into the documentation: about 15 minutes."""
        return cls(
            rounds=3,
            enqueue=2.0,
            seconds=1.5,
            ticks=30,
            held=300.0,
            held_peers=15.0,
            command="make bench-jobs",
        )

    @classmethod
    def quick(cls) -> Self:
        """Measure to see where things stand: below three minutes."""
        return cls(
            rounds=1,
            enqueue=1.0,
            seconds=0.8,
            ticks=20,
            held=15.0,
            held_peers=0.0,
            command="make bench-jobs QUICK=1",
        )
