"""Measure: `make bench`, or `python -m bench --quick`."""

from __future__ import annotations

import argparse
import asyncio
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg
from rich.console import Console

from bench import chart, database, machine, page, pgbench, sql, wrk
from bench.errors import BenchError
from bench.export import Export, run_export
from bench.growth import run_growth
from bench.places import BUILD, DOCS, DRIZZLE, PEERS
from bench.plan import Plan
from bench.results import Results, write_json
from bench.roster import CONTESTANTS, PGBENCH, Contestant, Urls
from bench.rounds import Bench, check, run_pgbench, run_rounds
from bench.sample import Sample, take_sample
from bench.targets import DECLARED, HANDLER, verdicts
from bench.truth import right_answers
from bench.writes import check_writes, run_writes

console = Console(stderr=True, highlight=False)
NO_NODE = (
    "Node is not installed, so Fastify with Drizzle was left out. Node 20 or newer with npm: "
    "https://nodejs.org, apt install nodejs npm, brew install node."
)
NO_PEERS = "The peers' environment .cache/bench-env is missing: run `make bench`, which makes it."


def main(arguments: Sequence[str]) -> int:
    """Measure and write; return 1 when the load generator is missing."""
    options = _options(arguments)
    plan = Plan.quick() if options.quick else Plan.full()
    asked = [each for each in CONTESTANTS if not options.only or each.name in options.only]
    field, notices = _present(asked)
    before = machine.load()
    with database.running() as found:
        sample, right, durability = asyncio.run(_facts(found.url))
        described = machine.describe(found, sys.executable, load=before, durability=durability)
        bench = Bench(found, sample, plan, lambda text: console.print(text, style="dim"))
        urls = _checked(bench, field, right)
        results, export = _measured(bench, urls, notices)
    report = page.Report(
        plan=plan,
        machine=described,
        contestants=field,
        names=[*(each.name for each in asked), PGBENCH],
        results=results,
        export=export,
        verdicts=verdicts(results, export),
        notices=notices,
    )
    _write(report, docs=not options.quick and not options.only and wrk.is_there())
    return 0 if wrk.is_there() else 1


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="below four minutes, less exact")
    parser.add_argument("--only", nargs="*", metavar="NAME", help="these contestants only")
    return parser.parse_args(arguments)


def _present(field: Sequence[Contestant]) -> tuple[list[Contestant], list[str]]:
    """Leave out whoever cannot run on this machine, and say so."""
    if not PEERS.exists():
        raise BenchError(NO_PEERS)
    notices = [] if wrk.is_there() else [wrk.MISSING]
    if any(each.name == "drizzle" for each in field) and not _node():
        notices.append(NO_NODE)
        field = [each for each in field if each.name != "drizzle"]
    for notice in notices:
        console.print(notice, style="yellow")
    return list(field), notices


def _node() -> bool:
    """Install what Fastify needs; tell whether there is a Node to run it."""
    npm = shutil.which("npm")
    if not shutil.which("node") or not npm:
        return False
    wanted, installed = DRIZZLE / "package.json", DRIZZLE / "node_modules" / ".package-lock.json"
    if installed.exists() and installed.stat().st_mtime > wanted.stat().st_mtime:
        return True
    done = subprocess.run(  # noqa: S603 - npm we found, with its own package.json
        [npm, "install", "--no-package-lock", "--no-audit", "--no-fund", "--silent"],
        cwd=DRIZZLE,
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise BenchError(f"npm could not install the packages of Fastify:\n{done.stderr.strip()}")
    return True


async def _facts(url: str) -> tuple[Sample, dict[str, Any], str]:
    connection = await asyncpg.connect(url)
    try:
        sample = await take_sample(connection)
        right = await right_answers(connection, sample)
        return sample, right, await connection.fetchval(sql.DURABILITY)
    finally:
        await connection.close()


def _checked(
    bench: Bench, field: Sequence[Contestant], right: Mapping[str, Any]
) -> dict[Contestant, Urls]:
    urls = {}
    for contestant in field:
        bench.tell(f"comparing the answers of {contestant.name}")
        urls[contestant] = check(bench, contestant, right)
        check_writes(bench, contestant)
    return urls


def _measured(
    bench: Bench, urls: Mapping[Contestant, Urls], notices: list[str]
) -> tuple[Results, Export | None]:
    results = Results()
    if pgbench.program(bench.database):
        run_pgbench(bench, results)
    else:
        notices.append(pgbench.MISSING)
    if not wrk.is_there():
        return results, None
    run_rounds(bench, urls, results)
    run_writes(bench, list(urls), results)
    run_growth(bench, [each for each in urls if each.grows], results)
    return results, next((run_export(bench, each) for each in urls if each.export), None)


def _write(report: page.Report, *, docs: bool) -> None:
    figures = report.results.per_second(report.names)
    write_json(BUILD / "bench.json", figures)
    text = page.write_page(report)
    drawn = chart.draw(figures, titles=page.TITLES, ours=(DECLARED, HANDLER), limits=(PGBENCH,))
    for folder in (BUILD, DOCS) if docs else (BUILD,):
        (folder / "benchmarks.md").write_text(text, encoding="utf-8")
        (folder / "benchmarks.svg").write_text(drawn, encoding="utf-8")
    for line in page.speeds(report):
        console.print(line, markup=False)
    console.print(f"Written: {BUILD / 'bench.json'}, {(DOCS if docs else BUILD) / 'benchmarks.md'}")


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except BenchError as error:
        console.print(str(error), style="red", markup=False)
        sys.exit(1)
