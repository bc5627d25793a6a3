"""How long and how often is measured."""

from __future__ import annotations

from dataclasses import dataclass

CONNECTIONS = 16
"""Connections that load keeps busy; each sends its next request when it has its answer."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Rounds over all contestants, and the seconds of each measurement."""

    rounds: int
    rounds_aside: int
    """Rounds of those whom no target names."""
    write_rounds: int
    warm_up: int
    seconds: int
    clients: tuple[int, ...]
    """How many clients pgbench is tried with; its best counts."""
    growth_rounds: int
    routes: tuple[int, ...]
    command: str

    @classmethod
    def full(cls) -> Plan:
        """Measure what is written into the documentation: below 20 minutes."""
        return cls(3, 3, 3, 1, 3, (1, 4, 8, 16), 2, (10, 100, 300), "make bench")

    @classmethod
    def quick(cls) -> Plan:
        """Measure to see where things stand: below four minutes, without growth."""
        return cls(2, 1, 1, 1, 1, (4,), 0, (), "make bench QUICK=1")
