"""The queue does what a small model of it does, and a bug in it would be seen."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from fastgres.jobs import sql
from tests.jobs.machine import QueueMachine

pytestmark = [pytest.mark.clone, pytest.mark.timeout(600)]

EXAMPLES = settings(
    max_examples=40,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    report_multiple_bugs=False,
)
QUICK = settings(
    EXAMPLES, max_examples=300, phases=[Phase.generate], database=None, derandomize=True
)


def machine_on(url: str) -> type[QueueMachine]:
    """Return the machine for one database."""
    return type("Machine", (QueueMachine,), {"url": url})


def test_queue_is_as_modelled(database_url: str) -> None:
    run_state_machine_as_test(machine_on(database_url), settings=EXAMPLES)


# Bugs that take a rare sequence to show are caught by the tests of their statement.
PLANTED = {
    "ack without the worker": ("ACKNOWLEDGE", "AND job.worker = $1 ", "AND $1::uuid IS NOT NULL "),
    "nack without the worker": ("PUT_BACK", "AND job.worker = $1 ", "AND $1::uuid IS NOT NULL "),
    "burial without a fence": (
        "BURY",
        "job.attempt = given.attempt AND job.worker = $1",
        "$1::uuid IS NOT NULL",
    ),
    "claim without priority": ("CLAIM", "ORDER BY priority, run_at", "ORDER BY run_at"),
    "claim that counts no attempt": ("CLAIM", "job.attempt + 1", "job.attempt"),
    "claim of running jobs": ("CLAIM", "state = 'ready' AND", "state <> 'sent' AND"),
    "rescue of the living": ("RESCUE", "lease_until < now()", "lease_until IS NOT NULL"),
}


@pytest.mark.parametrize("bug", PLANTED)
def test_planted_bug_is_seen(database_url: str, monkeypatch: pytest.MonkeyPatch, bug: str) -> None:
    name, before, after = PLANTED[bug]
    statement = getattr(sql, name)
    assert before in statement
    monkeypatch.setattr(sql, name, statement.replace(before, after))
    with pytest.raises(AssertionError):
        run_state_machine_as_test(machine_on(database_url), settings=QUICK)
