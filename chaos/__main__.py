"""Break a running shop and check its promises: `make chaos`, or `python -m chaos --quick`."""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from rich.console import Console

from chaos import page, plants
from chaos.errors import ChaosError
from chaos.faults import FAULTS
from chaos.places import BUILD, LOGS, PAGE, POSTGRES, TALLIES
from chaos.postgres import running
from chaos.shop import prepare
from chaos.stage import Fault, Stage, Tally

console = Console(stderr=True, highlight=False)


def main(arguments: Sequence[str]) -> int:
    """Make the faults; return 1 when a promise was broken, or a planted bug was not noticed."""
    options = _options(arguments)
    chosen = [each for each in FAULTS if not options.only or each.name in options.only]
    random.seed(options.seed)
    _tell(f"seed {options.seed}")
    for old in LOGS.glob("*.log"):
        old.unlink()
    with running(POSTGRES) as postgres:
        stage = Stage(postgres=postgres, quick=options.quick, tell=_tell)
        return asyncio.run(_run(stage, chosen, options))


async def _run(stage: Stage, chosen: Sequence[Fault], options: argparse.Namespace) -> int:
    await prepare(stage.postgres)
    if options.planted is not None:
        return await _run_planted(stage, chosen, options.planted)
    tallies = page.kept(TALLIES) if options.resume and not options.quick else {}
    for fault in chosen:
        if fault.name not in tallies:
            tallies[fault.name] = replace(await _make(stage, fault), seed=options.seed)
            if not options.quick:
                page.keep(TALLIES, tallies)
    _publish(tallies, whole=not options.quick and len(tallies) == len(FAULTS))
    return int(any(tally.violations for tally in tallies.values()))


def _publish(tallies: Mapping[str, Tally], *, whole: bool) -> None:
    """Write the file for machines, and the page when all faults were made in full."""
    page.write_json(BUILD / "chaos.json", tallies)
    written = page.table(FAULTS, tallies)
    console.print(written, markup=False, soft_wrap=True)
    if whole:
        content = f"{page.origin(tallies)}\n\n{written}"
        PAGE.write_text(page.put(PAGE.read_text("utf-8"), content), encoding="utf-8")


async def _run_planted(stage: Stage, chosen: Sequence[Fault], only: Sequence[str]) -> int:
    """Make each fault with each of the bugs that it has to catch."""
    missed = 0
    for plant in plants.of(chosen, only):
        tally = await _make(replace(stage, quick=True, planted=plant.bug), plant.fault)
        caught = bool(tally.violations) or bool(tally.skipped)
        missed += not caught
        verdict = "caught" if caught else "NOT NOTICED"
        console.print(f"{plant.bug} under {plant.fault.name}: {verdict}", style="bold")
    return int(missed > 0)


async def _make(stage: Stage, fault: Fault) -> Tally:
    runs, began = fault.runs(quick=stage.quick), time.monotonic()
    if stage.planted:
        runs = max(runs // 2, 1)
    _tell(f"{fault.name}: {runs} runs" + (f", with the bug {stage.planted}" * bool(stage.planted)))
    tally = await fault.run(stage, runs)
    for violation in tally.violations[:10]:
        _tell(f"  {violation}")
    outcome = tally.skipped or f"{tally.runs} runs, {len(tally.violations)} violations"
    _tell(f"  {outcome}; {'; '.join(tally.notes)}; {time.monotonic() - began:.0f} s")
    return tally


def _tell(text: str) -> None:
    console.print(text, style="dim", markup=False, soft_wrap=True)


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m chaos", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of each, below six minutes")
    parser.add_argument("--only", nargs="*", metavar="FAULT", help="these faults only")
    parser.add_argument(
        "--resume", action="store_true", help="go on with a full run that was broken off"
    )
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000)
    parser.add_argument(
        "--planted", nargs="*", metavar="BUG", help="with planted bugs, which have to be noticed"
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except ChaosError as error:
        console.print(str(error), style="red", markup=False)
        sys.exit(1)
