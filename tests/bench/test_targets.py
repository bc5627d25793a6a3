"""The verdicts."""

from __future__ import annotations

import pytest

from bench.export import Export
from bench.results import Results, Run
from bench.sample import ENDPOINTS
from bench.targets import Verdict, verdicts


def results_of(**figures: float) -> Results:
    """Give each contestant the same figure at every endpoint."""
    results = Results()
    for name, per_second in figures.items():
        for endpoint in ENDPOINTS:
            results.add(endpoint, name, Run(per_second, database=1e6 / per_second))
    return results


def verdict(found: list[Verdict], beginning: str) -> Verdict:
    return next(each for each in found if each.what.startswith(beginning))


@pytest.mark.parametrize(("per_second", "met"), [(799, False), (800, True)])
def test_a_target_is_met_from_its_number_on(per_second: float, met: bool) -> None:
    """8x of 100."""
    found = verdicts(results_of(fastgres=per_second, guide=100), None)
    assert verdict(found, "fastgres: flat against the guide").met is met


@pytest.mark.parametrize(("create", "order"), [(199, 129), (200, 130)])
def test_writes_have_targets_of_their_own(create: float, order: float) -> None:
    """2x and 1.3x of the guide."""
    results = Results()
    for endpoint, per_second in (("create", create), ("order", order)):
        results.add(endpoint, "fastgres", Run(per_second))
        results.add(endpoint, "guide", Run(100))
    found = verdicts(results, None)
    assert verdict(found, "fastgres: create against the guide").met is (create == 200)
    assert verdict(found, "fastgres: order against the guide").met is (order == 130)


def test_writes_are_not_among_what_is_read_everywhere() -> None:
    """A key and a job are nothing that Starlette by hand has."""
    results = results_of(fastgres=100, starlette=100)
    results.add("order", "fastgres", Run(1))
    found = verdict(verdicts(results, None), "fastgres: any read against starlette")
    assert found.met is True


def test_the_worst_endpoint_decides() -> None:
    """It is no average of all endpoints."""
    results = results_of(fastgres=100, starlette=100)
    results.add("search", "fastgres", Run(20))
    found = verdict(verdicts(results, None), "fastgres: any read against starlette")
    assert found == Verdict(
        "fastgres: any read against starlette (worst: search)", "0.8x", "0.60x", met=False
    )


def test_what_was_not_measured_is_neither_met_nor_missed() -> None:
    """A machine without Node says nothing about Drizzle."""
    found = verdicts(results_of(fastgres=100), None)
    assert verdict(found, "fastgres: any read against drizzle").met is None


def test_database_time_may_be_a_fifth_more() -> None:
    """Less is better here."""
    dear = verdicts(results_of(fastgres=100, guide=121), None)
    fair = verdicts(results_of(fastgres=100, guide=119), None)
    assert verdict(dear, "fastgres: database CPU").met is False
    assert verdict(fair, "fastgres: database CPU").met is True


@pytest.mark.parametrize(("peak", "met"), [(129_000_000, True), (131_000_000, False)])
def test_memory_counts_over_idle(peak: int, met: bool) -> None:
    """30 MB."""
    export = Export("fastgres", 1, 1, 1.0, 100_000_000, peak)
    assert verdict(verdicts(Results(), export), "fastgres: memory").met is met
