"""Every invariant has a bug that breaks it, and every bug a fault that finds it."""

from __future__ import annotations

import os

import pytest

from chaos import plants
from chaos.faults import FAULTS
from chaos.places import PAGE, ROOT
from chaos.service.planting import BUGS
from tests import nursery

SETTINGS = {"no-deadlines"}
"""Bugs that are planted in the settings of the service."""


def test_every_fault_has_a_bug_to_catch() -> None:
    """A check that never fails checks nothing."""
    assert [fault.name for fault in FAULTS if not fault.planted] == []


def test_every_bug_is_under_a_fault_and_the_other_way_round() -> None:
    """None is forgotten, and none is misspelt."""
    assert {plant.bug for plant in plants.of(FAULTS, [])} == set(BUGS) | SETTINGS


def test_bugs_can_be_chosen() -> None:
    """To look at one alone."""
    chosen = [plant.fault.name for plant in plants.of(FAULTS, ["no-fence"])]
    assert chosen == ["workers"]


def test_every_bug_is_in_the_documentation() -> None:
    """With what it is."""
    text = PAGE.read_text()
    assert [bug for bug in (*BUGS, *SETTINGS) if f"`{bug}`" not in text] == []


@pytest.mark.parametrize("bug", sorted(BUGS))
def test_every_bug_can_still_be_planted(bug: str) -> None:
    """What it replaces is still there: in a process of its own, for it stays broken."""
    program = f"from chaos.service.planting import plant; plant({bug!r})"
    finished = nursery.run((program,), ROOT, dict(os.environ), patience=60)
    assert finished.returncode == 0, finished.stderr
