"""What fastgres has to reach among the queues, whether it does, and where it loses."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import inf
from typing import Final

from bench.jobs.figures import CELLS, PERCENTILES, Cell, Figures, middle
from bench.jobs.roster import CONTESTANTS, OURS
from bench.targets import Verdict

NAMES: Final = {("noop", 1): "no-op, 1 worker", ("noop", 4): "no-op, 4 workers"} | {
    ("ms", 1): "1 ms, 1 worker",
    ("ms", 4): "1 ms, 4 workers",
}
_SAME: Final = [each.name for each in CONTESTANTS if each.transactional and each.name != OURS]
_TITLES: Final = {each.name: each.title for each in CONTESTANTS}

Found = Mapping[str, Figures]


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure of a queue, and whether more of it is better."""

    what: str
    unit: str
    read: Callable[[Figures], float | None]
    more: bool = True


def _rate(cell: Cell) -> Measure:
    return Measure(NAMES[cell], "/s", lambda of: of.rate(cell))


def _delay(percentile: int) -> Measure:
    return Measure(f"pick-up p{percentile}", " ms", lambda of: of.delay(percentile), more=False)


_RATES: Final = (
    Measure("enqueue in a transaction", "/s", lambda of: middle(of.enqueued)),
    *map(_rate, CELLS),
)
MEASURES: Final = (
    *_RATES,
    Measure("enqueue in batches", "/s", lambda of: middle(of.filled)),
    *map(_delay, PERCENTILES),
    Measure("share kept beside an old transaction", "", Figures.share),
)


def verdicts(found: Found) -> list[Verdict]:
    """Compare the medians with what was promised."""
    ours = found.get(OURS, Figures())
    seconds = f"{ours.held.seconds:,.0f} s" if ours.held else "5 minutes"
    kept = f"share of the rate kept beside a transaction open for {seconds}"
    return [
        _verdict("no-op jobs a second, one worker", ours.rate(("noop", 1)), least=2000),
        _verdict("pick-up at rest, p95, in ms", ours.delay(95), most=25, shown="{:.1f}"),
        _verdict(kept, ours.share(), least=0.6, shown="{:.0%}"),
        *(_ahead(found, measure) for measure in _RATES),
    ]


def _verdict(
    what: str,
    value: float | None,
    *,
    least: float = -inf,
    most: float = inf,
    shown: str = "{:,.0f}",
) -> Verdict:
    must = f"below {shown.format(most)}" if least == -inf else shown.format(least)
    if value is None:
        return Verdict(what, must, None, None)
    return Verdict(what, must, shown.format(value), least <= value < most)


def _ahead(found: Found, measure: Measure) -> Verdict:
    """Compare with the best queue on PostgreSQL that enqueues in the caller's transaction."""
    what = f"{measure.what}: against the queues that enqueue in your transaction"
    peers = {name: measure.read(found[name]) for name in _SAME if name in found}
    known = {name: value for name, value in peers.items() if value}
    ours = measure.read(found[OURS]) if OURS in found else None
    if not known or ours is None:
        return Verdict(what, "1x the best", None, None)
    best = max(known, key=lambda name: known[name])
    ratio = ours / known[best]
    return Verdict(f"{what} (best: {_TITLES[best]})", "1x", f"{ratio:.2f}x", ratio >= 1)


def losses(found: Found) -> Iterator[str]:
    """Say of each figure in which somebody is ahead of fastgres who it is, and by how much."""
    for measure in MEASURES:
        ours = measure.read(found[OURS]) if OURS in found else None
        for name, figures in found.items():
            theirs = measure.read(figures)
            if ours and theirs and theirs != ours and (theirs > ours) is measure.more:
                here, there = (f"{_shown(each)}{measure.unit}" for each in (ours, theirs))
                yield f"{measure.what}: {_TITLES[name]} {there}, fastgres {here}"


def _shown(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"
