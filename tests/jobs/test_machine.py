"""The queue does what a small model of it does, and a bug in it would be seen."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from fastgres.jobs import sql
from tests.jobs.machine import QueueMachine

pytestmark = pytest.mark.clone

EXAMPLES = settings(
    max_examples=30,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
QUICK = settings(
    EXAMPLES,
    max_examples=200,
    phases=[Phase.generate],
    database=None,
    derandomize=True,
    report_multiple_bugs=False,
)


def machine_on(url: str) -> type[QueueMachine]:
    """Return the machine for one database."""
    return type("Machine", (QueueMachine,), {"url": url})


def test_queue_is_as_modelled(database_url: str) -> None:
    run_state_machine_as_test(machine_on(database_url), settings=EXAMPLES)


PLANTED = {
    "ack without the attempt": ("ACKNOWLEDGE", "job.attempt = given.attempt AND ", ""),
    "claim that counts no attempt": ("CLAIM", "job.attempt + 1", "job.attempt"),
    "claim of running jobs": ("CLAIM", "state = 'ready' AND", "state <> 'sent' AND"),
    "rescue of the living": ("RESCUE", "lease_until < now()", "lease_until IS NOT NULL"),
    "rescue without an end": ("RESCUE", "job.attempt >= job.max_attempts", "false"),
    "enqueue of a twin": (
        "ENQUEUE",
        "max_attempts, unique_key, target,\n           greatest",
        "max_attempts, NULL, target,\n           greatest",
    ),
}


@pytest.mark.parametrize("bug", PLANTED)
def test_planted_bug_is_seen(database_url: str, monkeypatch: pytest.MonkeyPatch, bug: str) -> None:
    name, before, after = PLANTED[bug]
    statement = getattr(sql, name)
    assert before in statement
    monkeypatch.setattr(sql, name, statement.replace(before, after))
    with pytest.raises(AssertionError):
        run_state_machine_as_test(machine_on(database_url), settings=QUICK)
