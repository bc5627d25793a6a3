"""The thread that ends a process whose loop stands still."""

from __future__ import annotations

import subprocess
import sys

from fastgres.jobs.watchdog import EXIT_CODE

STUCK = """
import time
from fastgres.jobs.watchdog import Watchdog
watchdog = Watchdog(1.0)
watchdog.start()
def what_blocks():
    time.sleep(60)
what_blocks()
"""
MOVING = """
import time
from fastgres.jobs.watchdog import Watchdog
watchdog = Watchdog(1.0)
watchdog.start()
for _ in range(25):
    watchdog.beat()
    time.sleep(0.1)
watchdog.stop()
"""


def run(program: str) -> subprocess.CompletedProcess[str]:
    """Run it in a process of its own."""
    command = [sys.executable, "-c", program]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_process_that_stands_still_is_ended_and_says_where() -> None:
    ended = run(STUCK)
    assert ended.returncode == EXIT_CODE
    assert "what_blocks" in ended.stderr


def test_process_that_moves_is_left_alone() -> None:
    assert run(MOVING).returncode == 0
