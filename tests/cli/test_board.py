"""How the queues look in a terminal."""

from __future__ import annotations

import pytest

from fastgres.cli.board import print_board
from fastgres.jobs import Overview


def test_no_queues_are_said_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    """And who is missing, below."""
    print_board(Overview(queues=(), workers=()))
    assert capsys.readouterr().out.splitlines()[0] == "no jobs"
