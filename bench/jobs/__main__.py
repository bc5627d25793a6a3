"""Measure job queues: `make bench-jobs`, or `python -m bench.jobs --quick`."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict

import asyncpg
from rich.console import Console

from bench import machine, sql
from bench.errors import BenchError
from bench.jobs import broker, described, page
from bench.jobs.measuring import Bench
from bench.jobs.plan import Plan
from bench.jobs.roster import CONTESTANTS, OURS, Contestant
from bench.jobs.targets import verdicts
from bench.places import BUILD, DOCS, PEERS, POSTGRES
from bench.results import write_json
from fastgres.embedded import Cluster, acquire

console = Console(stderr=True, highlight=False)
NO_PEERS = (
    "The peers' environment .cache/bench-env is missing: run `make bench-jobs`, which makes it."
)


def main(arguments: Sequence[str]) -> int:
    """Measure, print, and write."""
    parser = argparse.ArgumentParser(prog="python -m bench.jobs", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="below three minutes, less exact")
    parser.add_argument("--only", nargs="*", metavar="NAME", help="these queues only")
    options = parser.parse_args(arguments)
    if not PEERS.exists():
        raise BenchError(NO_PEERS)
    asked = [each for each in CONTESTANTS if not options.only or each.name in options.only]
    plan = Plan.quick() if options.quick else Plan.full()
    with acquire(POSTGRES) as cluster:
        report = asyncio.run(_report(cluster, asked, plan))
    _write(report, docs=not options.quick and not options.only and not report.notices)
    return 0


async def _report(cluster: Cluster, asked: Sequence[Contestant], plan: Plan) -> page.Report:
    """Measure whoever can run on this machine; SIGTERM ends it as Ctrl-C does."""
    if (this := asyncio.current_task()) is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, this.cancel)
    notices = [] if broker.program() else [broker.MISSING]
    field = [each for each in asked if each.store == "postgres" or not notices]
    about = await described.describe(cluster, load=machine.load())
    async with AsyncExitStack() as stack:
        benches = [await stack.enter_async_context(_bench(cluster, each, plan)) for each in field]
        await _measure(benches, plan)
    found = {bench.contestant.name: bench.figures for bench in benches}
    return page.Report(
        plan=plan, machine=about, found=found, verdicts=verdicts(found), notices=notices
    )


@asynccontextmanager
async def _bench(cluster: Cluster, contestant: Contestant, plan: Plan) -> AsyncIterator[Bench]:
    """Give a queue a new database, and a Redis of its own if it lives there."""
    name = f"bench_jobs_{contestant.name}"
    connection = await asyncpg.connect(cluster.url("postgres"))
    try:
        for statement in (sql.DROP_QUEUE, sql.CREATE_QUEUE):
            await connection.execute(statement.format(name=name))
    finally:
        connection.terminate()
    async with AsyncExitStack() as stack:
        lives_there = contestant.store == "redis"
        redis_url = await stack.enter_async_context(broker.running()) if lives_there else ""
        bench = Bench(contestant, plan, url=cluster.url(name), redis_url=redis_url)
        await bench.install()
        yield bench


async def _measure(benches: Sequence[Bench], plan: Plan) -> None:
    """Let each have its turn in every round, each round beginning with another one."""
    for turn in range(plan.rounds):
        for bench in (*benches[turn:], *benches[:turn]):
            _tell(f"round {turn + 1} of {plan.rounds}: {bench.contestant.title}")
            await bench.measure()
    for bench in benches:
        seconds = plan.held if bench.contestant.name == OURS else plan.held_peers
        if seconds and bench.contestant.store == "postgres":
            _tell(f"beside an old transaction, {seconds:.0f} s: {bench.contestant.title}")
            await bench.measure_held(seconds)


def _tell(line: str) -> None:
    console.print(line, style="dim")


def _write(report: page.Report, *, docs: bool) -> None:
    figures = {name: found.plain() for name, found in report.found.items()}
    written = {"plan": asdict(report.plan), "machine": dict(report.machine), "figures": figures}
    write_json(BUILD / "bench-jobs.json", written)
    text = page.write_page(report)
    for folder in (BUILD, DOCS) if docs else (BUILD,):
        (folder / "benchmarks-jobs.md").write_text(text, encoding="utf-8")
    console.print(page.summary(report), markup=False, soft_wrap=True)
    written_to = (DOCS if docs else BUILD) / "benchmarks-jobs.md"
    console.print(f"Written: {BUILD / 'bench-jobs.json'}, {written_to}")


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except BenchError as error:
        console.print(str(error), style="red", markup=False)
        sys.exit(1)
    except (KeyboardInterrupt, asyncio.CancelledError):
        sys.exit(130)
