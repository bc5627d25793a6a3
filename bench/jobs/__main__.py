"""Measure job queues: `make bench-jobs`, or `python -m bench.jobs --quick`."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict

from rich.console import Console
from rich.table import Table

from bench import machine, sql
from bench.errors import BenchError
from bench.jobs.measuring import KINDS, WORKERS, Bench, Figures
from bench.jobs.plan import Plan
from bench.jobs.roster import CONTESTANTS, Contestant
from bench.places import BUILD, PEERS, POSTGRES
from bench.results import write_json
from fastgres.embedded import Cluster, acquire

console = Console(highlight=False, width=130)


def main(arguments: Sequence[str]) -> int:
    """Measure, print, and write `build/bench-jobs.json`."""
    parser = argparse.ArgumentParser(prog="python -m bench.jobs", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="below three minutes, less exact")
    parser.add_argument("--only", nargs="*", metavar="NAME", help="these queues only")
    options = parser.parse_args(arguments)
    if not PEERS.exists():
        message = "The peers' environment is missing: run `make bench-jobs`, which makes it."
        raise BenchError(message)
    field = [each for each in CONTESTANTS if not options.only or each.name in options.only]
    plan = Plan.quick() if options.quick else Plan.full()
    before = machine.load()
    with acquire(POSTGRES) as cluster:
        found = {each: _measured(each, cluster, plan) for each in field}
    console.print(table(found))
    BUILD.mkdir(exist_ok=True)
    figures = {each.name: of.plain() for each, of in found.items()}
    written = {"plan": asdict(plan), "load_before": before, "figures": figures}
    write_json(BUILD / "bench-jobs.json", written)
    return 0


def _measured(contestant: Contestant, cluster: Cluster, plan: Plan) -> Figures:
    """Measure in a new database, so that no queue pays for what another has left."""
    console.print(f"{contestant.title} ...", style="dim")
    name = f"bench_jobs_{contestant.name}"
    for statement in (sql.DROP_QUEUE, sql.CREATE_QUEUE):
        subprocess.run(  # noqa: S603 - psql we found, with names of our own roster
            [
                *(str(cluster.programs / "psql"), "--no-psqlrc", "--quiet"),
                *("--command", statement.format(name=name), cluster.url("postgres")),
            ],
            check=True,
            capture_output=True,
        )
    return Bench(contestant, cluster.url(name), plan).measure()


def table(found: dict[Contestant, Figures]) -> Table:
    """Return the figures side by side."""
    shown = Table(title="Jobs a second; milliseconds until a job is picked up, workers at rest")
    for heading in ("queue", "enqueue", *(f"{k}, {w}" for k in KINDS for w in WORKERS)):
        shown.add_column(heading, justify="left" if heading == "queue" else "right")
    for heading in ("p50 ms", "p95 ms", "p99 ms", "held"):
        shown.add_column(heading, justify="right")
    for each, of in found.items():
        shown.add_row(
            each.title,
            f"{of.enqueued:,.0f}" + ("" if each.transactional else " (not in it)"),
            *(f"{rate:,.0f}" for rate in of.ended.values()),
            *(f"{ms:.1f}" for ms in (of.delays.p50, of.delays.p95, of.delays.p99)),
            "" if of.held is None else f"{of.held:,.0f}",
        )
    return shown


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except BenchError as error:
        console.print(str(error), style="red")
        sys.exit(1)
