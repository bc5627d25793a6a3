"""What was promised of the queue, and where others are ahead."""

from __future__ import annotations

from dataclasses import replace

from bench.jobs.figures import CELLS, Figures, Held
from bench.jobs.targets import losses, verdicts

FAST = Figures(
    enqueued=[1000.0],
    ended={cell: [4000.0] for cell in CELLS},
    delays=[5.0] * 100,
    held=Held(300.0, before=4000.0, after=3000.0),
)
SLOW = Figures(enqueued=[500.0], ended={cell: [1000.0] for cell in CELLS}, delays=[9.0] * 100)


def test_all_is_met_by_a_queue_that_is_ahead() -> None:
    """Three promises of its own, and five against the best peer."""
    found = verdicts({"fastgres": FAST, "pgqueuer": SLOW})
    assert [each.met for each in found] == [True] * 8
    assert found[-1].measured == "4.00x"


def test_what_is_too_slow_is_not_met() -> None:
    """Each promise by itself."""
    slow = replace(
        FAST,
        ended={**FAST.ended, ("noop", 1): [1999.0]},
        delays=[25.0] * 100,
        held=Held(300.0, before=4000.0, after=2399.0),
    )
    assert [each.met for each in verdicts({"fastgres": slow})[:3]] == [False] * 3


def test_only_queues_of_the_same_promise_are_compared_with() -> None:
    """SAQ enqueues after the COMMIT, and may be faster for it."""
    faster = replace(FAST, enqueued=[9000.0])
    found = verdicts({"fastgres": FAST, "saq": faster, "celery": faster})
    assert {each.met for each in found[3:]} == {None}


def test_what_was_not_measured_is_not_met_and_not_missed() -> None:
    """A dash in the table."""
    assert {each.met for each in verdicts({})} == {None}


def test_every_loss_is_told() -> None:
    """Also against queues that promise less; smaller delays are better."""
    ahead = Figures(enqueued=[2000.0], ended=SLOW.ended, delays=[1.0] * 100)
    said = list(losses({"fastgres": FAST, "celery": ahead}))
    assert said[0] == "enqueue in a transaction: Celery on Redis 2,000/s, fastgres 1,000/s"
    assert [line.split(":")[0] for line in said[1:]] == [
        "pick-up p50",
        "pick-up p95",
        "pick-up p99",
    ]


def test_a_peer_that_was_not_measured_beats_nobody() -> None:
    """Nothing is compared with None."""
    assert list(losses({"fastgres": FAST, "celery": Figures()})) == []
