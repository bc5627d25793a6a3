"""The queues that take part, and that each of them is asked for the same."""

from __future__ import annotations

import ast

import pytest

from bench.jobs.roster import CONTESTANTS, Contestant
from bench.places import ROOT

ASKED = {"install", "fill", "enqueue", "tick", "work"}


@pytest.mark.parametrize("contestant", CONTESTANTS, ids=lambda each: each.name)
def test_every_queue_does_what_is_asked(contestant: Contestant) -> None:
    """Read, not run: their libraries are in an environment of their own."""
    program = ROOT.joinpath(*contestant.command[-1].split(".")).with_suffix(".py")
    methods = {
        node.name
        for node in ast.walk(ast.parse(program.read_text()))
        if isinstance(node, ast.AsyncFunctionDef)
    }
    assert methods >= ASKED


def test_the_names_are_those_that_others_read() -> None:
    """`build/bench-jobs.json` has them as keys."""
    assert [each.name for each in CONTESTANTS] == ["fastgres", "pgqueuer", "procrastinate", "saq"]
