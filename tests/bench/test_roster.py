"""Who takes part, and that all are asked for the same."""

from __future__ import annotations

import datetime as dt
import json
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest

from bench.places import ROOT
from bench.roster import CONTESTANTS, PGBENCH, Contestant
from bench.sample import READS, WRITES, Position, Sample

FIRST = UUID("018fd124-7ae0-7aa3-8000-000000000001")
SAMPLE = Sample(
    customers=(FIRST,),
    orders=(FIRST,),
    products=(FIRST,),
    before_depth=Position(dt.datetime(2025, 6, 1, 12, 0, 1, 500000, dt.UTC), FIRST),
    at_depth=Position(dt.datetime(2025, 6, 1, 12, 0, 0, 500000, dt.UTC), FIRST),
)


def answered(path: str) -> bytes:
    """Stand in for a service that gives out cursors."""
    return json.dumps({"items": [], "next": f"after {path}"}).encode()


def test_the_names_are_those_that_others_read() -> None:
    """`build/bench.json` has them as keys."""
    assert [*(each.name for each in CONTESTANTS), PGBENCH] == [
        *("fastgres", "fastgres-handler", "guide", "template", "litestar", "ninja"),
        *("drizzle", "starlette", "asgi", "pgbench"),
    ]


@pytest.mark.parametrize("contestant", CONTESTANTS, ids=lambda each: each.name)
def test_everything_that_is_read_has_its_urls(contestant: Contestant) -> None:
    """A deep page is another page than the first, a search has both filters."""
    urls = contestant.urls(SAMPLE, answered)
    assert set(urls) == set(READS)
    assert urls["flat"] == (f"/customers/{FIRST}",)
    assert urls["nested"] == (f"/orders/{FIRST}",)
    assert urls["deep"] != urls["page"]
    found = parse_qs(urlsplit(urls["search"][0]).query)
    assert (found["status"], found["total_min"]) == (["paid"], ["100"])


@pytest.mark.parametrize("contestant", CONTESTANTS, ids=lambda each: each.name)
def test_everybody_adds_a_row(contestant: Contestant) -> None:
    """An order is left out where it would be long; whom the targets compare has both."""
    assert "create" in contestant.writes
    assert contestant.writes.keys() <= set(WRITES)
    if contestant.name in {"fastgres", "fastgres-handler", "guide"}:
        assert set(contestant.writes) == set(WRITES)


def test_fastgres_alone_promises_more() -> None:
    """Its second contestant does what the guide does, so that the price is seen."""
    assert [each.name for each in CONTESTANTS if each.keyed] == ["fastgres"]


@pytest.mark.parametrize("contestant", CONTESTANTS, ids=lambda each: each.name)
def test_every_contestant_is_a_module_of_the_folder(contestant: Contestant) -> None:
    """And is served on the port that it is given."""
    command = " ".join(contestant.command(8123))
    folder = ROOT / "bench" / "contestants"
    if contestant.name == "drizzle":
        assert command.endswith(str(folder / "drizzle" / "server.js"))
    else:
        assert (folder / f"{contestant.module or contestant.name}.py").exists()
        assert "8123" in command


def test_versions_of_node_packages_are_exact() -> None:
    """There is no lock of them: what is measured has to be written down."""
    package = json.loads((ROOT / "bench/contestants/drizzle/package.json").read_text())
    assert all(version[0].isdigit() for version in package["dependencies"].values())
