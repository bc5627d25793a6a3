"""The table of docs/reliability.md and the file for machines."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

from chaos.stage import Fault, Tally

BEGIN: Final = "<!-- chaos: begin, written by `make chaos` -->"
END: Final = "<!-- chaos: end -->"


def write_json(path: Path, tallies: Mapping[str, Tally]) -> None:
    """Write how often each fault was made and how many invariants it broke."""
    figures = {
        name: {"runs": tally.runs, "violations": len(tally.violations)}
        for name, tally in tallies.items()
        if not tally.skipped
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def keep(path: Path, tallies: Mapping[str, Tally]) -> None:
    """Keep what has been made so far: a run that ends early can be resumed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = {name: asdict(tally) for name, tally in tallies.items()}
    path.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")


def kept(path: Path) -> dict[str, Tally]:
    """Return what an earlier run has made."""
    if not path.exists():
        return {}
    return {name: Tally(**values) for name, values in json.loads(path.read_text("utf-8")).items()}


def origin(tallies: Mapping[str, Tally]) -> str:
    """Say in how many runs the faults were made."""
    by_seed: dict[int, list[str]] = {}
    for name, tally in tallies.items():
        by_seed.setdefault(tally.seed, []).append(f"`{name}`")
    if len(by_seed) == 1:
        return f"Made in one run, with seed {next(iter(by_seed))}."
    parts = "; ".join(f"seed {seed}: {', '.join(names)}" for seed, names in by_seed.items())
    return f"Made in {len(by_seed)} runs, not in one. {parts}."


def table(faults: Sequence[Fault], tallies: Mapping[str, Tally]) -> str:
    """Return the table of those faults that were made or skipped."""
    lines = [
        "| fault | what has to hold | runs | violations | seen |",
        "| --- | --- | --: | --: | --- |",
    ]
    made = [fault for fault in faults if fault.name in tallies]
    return "\n".join([*lines, *(_row(fault, tallies[fault.name]) for fault in made)])


def _row(fault: Fault, tally: Tally) -> str:
    counts = ("", "") if tally.skipped else (f"{tally.runs:,}", f"{len(tally.violations):,}")
    seen = f"skipped: {tally.skipped}" if tally.skipped else "; ".join(tally.notes)
    cells = (fault.what, fault.invariant, *counts, seen)
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def put(page: str, content: str) -> str:
    """Return the page with the content between its marks."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"The page lacks {BEGIN} or {END}.")
    return f"{before}{BEGIN}\n{content}\n{END}{after}"
