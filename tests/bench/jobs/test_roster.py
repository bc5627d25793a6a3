"""The queues that take part, and that each of them is asked for the same."""

from __future__ import annotations

import ast

import pytest

from bench.jobs.roster import CONTESTANTS, Contestant
from bench.places import ROOT

ASKED = {"install", "fill", "enqueue", "tick", "work"}
QUEUES = ROOT / "bench" / "contestants" / "queues"


@pytest.mark.parametrize("contestant", CONTESTANTS, ids=lambda each: each.name)
def test_every_queue_does_what_is_asked(contestant: Contestant) -> None:
    """Read, not run: their libraries are in an environment of their own."""
    name = contestant.command[-1].rsplit(".", 1)[-1]
    program = "saq" if name == "saq_redis" else name
    methods = {
        node.name
        for node in ast.walk(ast.parse((QUEUES / f"{program}.py").read_text()))
        if isinstance(node, ast.AsyncFunctionDef)
    }
    assert (QUEUES / f"{name}.py").exists()
    assert methods >= ASKED


def test_the_names_are_those_that_others_read() -> None:
    """`build/bench-jobs.json` has them as keys."""
    names = [each.name for each in CONTESTANTS]
    assert names == ["fastgres", "pgqueuer", "procrastinate", "saq", "saq_redis", "celery"]


@pytest.mark.parametrize("contestant", CONTESTANTS, ids=lambda each: each.name)
def test_unfinished_jobs_are_counted_where_they_are(contestant: Contestant) -> None:
    """By SQL or by lengths in Redis, never by both."""
    assert bool(contestant.remaining) == (contestant.store == "postgres")
    assert bool(contestant.lengths) == (contestant.store == "redis")
    assert bool(contestant.sequence) == ("$1" in contestant.remaining)
