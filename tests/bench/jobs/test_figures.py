"""Medians, percentiles and shares of what was measured."""

from __future__ import annotations

from bench.jobs.figures import CELLS, Figures, Held


def test_rates_are_medians_and_unknown_ones_are_none() -> None:
    """One slow round does not count."""
    found = Figures(ended={("noop", 1): [3000.0, 10.0, 3100.0]})
    assert found.rate(("noop", 1)) == 3000
    assert found.rate(("ms", 4)) is None


def test_percentiles_are_of_all_rounds() -> None:
    """A list of a hundred delays tells them exactly."""
    found = Figures(delays=[float(each) for each in range(101)])
    assert [found.delay(at) for at in (50, 95, 99)] == [50, 95, 99]
    assert Figures().delay(50) is None


def test_the_share_is_of_the_rate_before() -> None:
    """None where no transaction was held open."""
    assert Figures(held=Held(300.0, before=4000.0, after=3000.0)).share() == 0.75
    assert Figures().share() is None


def test_json_has_every_figure() -> None:
    """Others read it."""
    written = Figures(ended={cell: [1.0] for cell in CELLS}).plain()
    assert list(written["end to end"]) == ["noop, 1", "noop, 4", "ms, 1", "ms, 4"]
    assert list(written["pick-up ms"]) == ["p50", "p95", "p99"]
    assert written["old transaction"] is None
