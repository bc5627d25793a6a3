"""Medians, ratios, and the file that others read."""

from __future__ import annotations

import json
from pathlib import Path

from bench.results import Results, Run, middle, write_json
from bench.sample import ENDPOINTS


def results_of(*figures: tuple[str, str, float]) -> Results:
    results = Results()
    for endpoint, name, per_second in figures:
        results.add(endpoint, name, Run(per_second))
    return results


def test_the_median_of_a_cell_is_that_of_its_runs() -> None:
    """One round that something else disturbed moves nothing."""
    results = results_of(("flat", "asgi", 100), ("flat", "asgi", 3), ("flat", "asgi", 110))
    found = results.median("flat", "asgi")
    assert found is not None
    assert found.per_second == 100


def test_every_figure_has_a_median_of_its_own() -> None:
    """The run in the middle by one figure is not the one by another."""
    median = Run.median([Run(1, p50=30), Run(2, p50=10), Run(3, p50=20)])
    assert (median.per_second, median.p50) == (2, 20)


def test_unknown_figures_are_left_out_of_the_median() -> None:
    """A machine without /proc knows nothing about CPU time."""
    assert middle([None, 4.0, None, 2.0]) == 3.0
    assert middle([None]) is None


def test_a_cell_that_was_not_measured_has_no_median() -> None:
    """And no ratio to another."""
    results = results_of(("flat", "guide", 100))
    assert results.median("flat", "drizzle") is None
    assert results.ratio("flat", "drizzle", "guide") is None


def test_a_ratio_compares_medians() -> None:
    """800 requests a second are four times 200."""
    results = results_of(("flat", "guide", 200), ("flat", "fastgres", 800))
    assert results.ratio("flat", "fastgres", "guide") == 4


def test_figures_come_by_endpoint_and_in_the_order_asked_for() -> None:
    """All endpoints are there; growth, which is kept beside them, is not."""
    results = results_of(("flat", "asgi", 10), ("flat", "guide", 5.04), ("levels 1", "guide", 1))
    figures = results.per_second(["guide", "asgi"])
    assert list(figures) == list(ENDPOINTS)
    assert list(figures["flat"].items()) == [("guide", 5.0), ("asgi", 10.0)]
    assert figures["deep"] == {}


def test_json_is_written_whole(tmp_path: Path) -> None:
    """With its folder, and over an older one."""
    path = tmp_path / "build" / "bench.json"
    for value in ({"flat": {"guide": 1.5}}, {"flat": {"guide": 2.5}}):
        write_json(path, value)
        assert json.loads(path.read_text()) == value
    assert [each.name for each in path.parent.iterdir()] == ["bench.json"]
