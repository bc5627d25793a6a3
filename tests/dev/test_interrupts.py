"""Signals end the development server in order."""

from __future__ import annotations

import signal

import pytest

from fastgres.dev.interrupts import STOPS, until_interrupted


@pytest.mark.parametrize("number", STOPS)
def test_a_signal_is_a_normal_end(number: signal.Signals) -> None:
    """What was opened inside is closed, and nothing is raised outside."""
    steps = []
    with until_interrupted():
        try:
            signal.raise_signal(number)
            steps.append("went on")
        finally:
            steps.append("closed")
    assert steps == ["closed"]


def test_a_second_signal_does_not_break_the_cleanup() -> None:
    """Ctrl-C twice must not leave PostgreSQL running."""
    steps = []
    with until_interrupted():
        try:
            signal.raise_signal(signal.SIGINT)
        finally:
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGTERM)
            steps.append("closed")
    assert steps == ["closed"]


def test_handlers_are_put_back() -> None:
    """Whoever runs us keeps its own."""
    before = [signal.getsignal(number) for number in STOPS]
    with until_interrupted():
        assert [signal.getsignal(number) for number in STOPS] != before
    assert [signal.getsignal(number) for number in STOPS] == before


def test_other_errors_are_not_swallowed() -> None:
    """Neither a fault, nor an interrupt that no signal sent."""
    for error in (ValueError, KeyboardInterrupt):
        with pytest.raises(error), until_interrupted():
            raise error
