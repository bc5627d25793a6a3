"""How requests a second change with the depth of nesting and with the number of routes."""

from __future__ import annotations

from collections.abc import Sequence

from bench.results import Results, Run
from bench.roster import Contestant
from bench.rounds import Bench
from bench.sample import Sample
from bench.server import Server

LEVELS = (1, 2, 3)


def level(number: int) -> str:
    """Name the row of the results about so many levels of nesting."""
    return f"levels {number}"


def routes(number: int) -> str:
    """Name the row of the results about so many routes."""
    return f"routes {number}"


def run_growth(bench: Bench, contestants: Sequence[Contestant], results: Results) -> None:
    """Measure every contestant that can grow, with few routes at all levels, then with more."""
    for turn in range(bench.plan.growth_rounds):
        for number in bench.plan.routes:
            for contestant in contestants:
                bench.tell(f"growth {turn + 1} of {bench.plan.growth_rounds}: {contestant.name}")
                with bench.server(contestant, BENCH_ROUTES=str(number)) as server:
                    bench.warm_up(server, _warm_up(bench.sample))
                    if number == bench.plan.routes[0]:
                        _levels(bench, server, results)
                    results.add(routes(number), server.name, _flat(bench, server))


def _levels(bench: Bench, server: Server, results: Results) -> None:
    for number in LEVELS:
        asked = (f"/growth/{number}",)
        results.add(level(number), server.name, bench.measured(server, asked)[1])


def _flat(bench: Bench, server: Server) -> Run:
    return bench.measured(server, flat_paths(bench.sample))[1]


def _warm_up(sample: Sample) -> list[str]:
    levels = [f"/growth/{number}" for number in LEVELS]
    return [path for flat in flat_paths(sample)[:20] for path in (flat, *levels)]


def flat_paths(sample: Sample) -> tuple[str, ...]:
    """Return the paths of the flat rows, which routing costs the most of."""
    return tuple(f"/customers/{key}" for key in sample.customers)
