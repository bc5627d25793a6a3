"""What every fault is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from chaos.postgres import Postgres


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where faults happen: the server, how long to go on, and the bug that is planted if any."""

    postgres: Postgres
    quick: bool = False
    planted: str = ""
    tell: Callable[[str], None] = print


@dataclass(slots=True)
class Tally:
    """How often a fault was made, and what was wrong afterwards."""

    runs: int = 0
    violations: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    skipped: str = ""
    """Why it could not be made here; empty when it was."""

    seed: int = 0
    """Of the run that made it."""

    longest: float = 0.0
    """Seconds of the slowest recovery."""

    def slowest(self, seconds: float) -> None:
        """Keep the longest recovery, as the first note."""
        if seconds > self.longest:
            self.longest = seconds
            others = [each for each in self.notes if not each.startswith("slowest recovery")]
            self.notes = [f"slowest recovery {seconds:.2f} s", *others]

    def note(self, text: str) -> None:
        """Add something worth knowing."""
        self.notes.append(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A fault with its invariant, how often it is made, and the bugs that it has to catch."""

    name: str
    what: str
    invariant: str
    full: int
    quick: int
    run: Callable[[Stage, int], Awaitable[Tally]]
    planted: tuple[str, ...]

    def runs(self, *, quick: bool) -> int:
        """Return how often it is made."""
        return self.quick if quick else self.full
