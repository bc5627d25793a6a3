"""What was measured, its medians, and the files it is written to."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.sample import ENDPOINTS


@dataclass(frozen=True, slots=True)
class Run:
    """One measurement, or the median of several.

    Latencies are milliseconds, `database` is CPU time of the server in microseconds a request,
    `busy` the share of its core that the contestant used; None where the machine does not tell.
    """

    per_second: float
    p50: float | None = None
    p99: float | None = None
    database: float | None = None
    busy: float | None = None

    @classmethod
    def median(cls, runs: Iterable[Run]) -> Run:
        """Return the median of every figure by itself."""
        every = list(runs)
        return cls(
            per_second=statistics.median(run.per_second for run in every),
            p50=middle(run.p50 for run in every),
            p99=middle(run.p99 for run in every),
            database=middle(run.database for run in every),
            busy=middle(run.busy for run in every),
        )


def middle(figures: Iterable[float | None]) -> float | None:
    """Return the median of the figures that are known."""
    known = [figure for figure in figures if figure is not None]
    return statistics.median(known) if known else None


@dataclass(slots=True)
class Results:
    """All runs: by endpoint, then by contestant."""

    runs: dict[str, dict[str, list[Run]]] = field(default_factory=dict)

    def add(self, endpoint: str, contestant: str, run: Run) -> None:
        """Keep a run."""
        self.runs.setdefault(endpoint, {}).setdefault(contestant, []).append(run)

    def median(self, endpoint: str, contestant: str) -> Run | None:
        """Return the median of a cell; None when nothing was measured there."""
        found = self.runs.get(endpoint, {}).get(contestant)
        return Run.median(found) if found else None

    def per_second(self, names: Sequence[str]) -> dict[str, dict[str, float]]:
        """Return requests per second by endpoint and contestant, in the order of `names`."""
        return {
            endpoint: {
                name: round(run.per_second, 1)
                for name in names
                if (run := self.median(endpoint, name)) is not None
            }
            for endpoint in ENDPOINTS
        }

    def ratio(self, endpoint: str, contestant: str, to: str) -> float | None:
        """Return how many times as many requests one answers as another."""
        one, other = self.median(endpoint, contestant), self.median(endpoint, to)
        return one.per_second / other.per_second if one and other and other.per_second else None


def write_json(path: Path, value: object) -> None:
    """Write a value where nothing reads a half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f"{path.name}.new")
    scratch.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    scratch.replace(path)
