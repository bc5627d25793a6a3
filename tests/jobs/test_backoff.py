"""How long a failed job waits."""

from __future__ import annotations

from fastgres.jobs import exponential


def test_wait_grows_with_each_attempt_up_to_the_most() -> None:
    wait = exponential(first=5, factor=3, most=3600)
    assert all(2.5 <= wait(1) <= 5 for _ in range(50))
    assert all(22.5 <= wait(3) <= 45 for _ in range(50))
    assert all(1800 <= wait(30) <= 3600 for _ in range(50))


def test_jobs_that_failed_together_do_not_come_back_together() -> None:
    wait = exponential()
    assert len({wait(4) for _ in range(20)}) == 20


def test_attempt_beyond_all_numbers_waits_the_most() -> None:
    assert exponential(factor=10)(1_000) <= 3600
