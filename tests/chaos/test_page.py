"""The figures come to where people and machines look for them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from chaos import page
from chaos.faults import FAULTS
from chaos.places import PAGE
from chaos.stage import Tally

TALLIES = {
    "twins": Tally(runs=1000, violations=["a", "b"], notes=["1 x 201", "49 x 409"]),
    "disk_full": Tally(skipped="no root"),
}


def test_file_for_machines_has_what_was_run(tmp_path: Path) -> None:
    """What was skipped has no figures."""
    page.write_json(tmp_path / "build" / "chaos.json", TALLIES)
    written = json.loads((tmp_path / "build" / "chaos.json").read_text())
    assert written == {"twins": {"runs": 1000, "violations": 2}}


def test_table_says_what_was_skipped_and_why() -> None:
    """Neither is it left out, nor does it look like a success."""
    lines = page.table(FAULTS, TALLIES).splitlines()
    assert "| 1,000 | 2 | 1 x 201; 49 x 409 |" in lines[2]
    assert lines[3].endswith("|  |  | skipped: no root |")


def test_run_is_resumed_with_what_it_had(tmp_path: Path) -> None:
    """Notes, violations and the slowest recovery."""
    tally = Tally(runs=3, violations=["late"], seed=7)
    tally.slowest(1.5)
    page.keep(tmp_path / "below" / "tallies.json", {"twins": tally})
    assert page.kept(tmp_path / "below" / "tallies.json") == {"twins": tally}
    assert page.kept(tmp_path / "none.json") == {}


def test_page_says_when_it_was_not_one_run() -> None:
    """With what each of them made."""
    one, two = Tally(seed=1), Tally(seed=2)
    assert page.origin({"twins": one, "clock": one}) == "Made in one run, with seed 1."
    assert page.origin({"twins": one, "clock": two}) == (
        "Made in 2 runs, not in one. seed 1: `twins`; seed 2: `clock`."
    )


def test_table_replaces_the_one_before() -> None:
    """And nothing else of the page."""
    before = f"above\n{page.BEGIN}\nold\n{page.END}\nbelow"
    assert page.put(before, "new") == f"above\n{page.BEGIN}\nnew\n{page.END}\nbelow"


def test_page_without_marks_is_refused() -> None:
    """The figures would be lost."""
    with pytest.raises(ValueError, match="lacks"):
        page.put("nothing", "new")


def test_page_of_the_documentation_has_the_marks() -> None:
    """A full run ends by writing there."""
    assert page.put(PAGE.read_text(), "new")
