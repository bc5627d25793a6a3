"""CPU time and memory of processes, on the machines that tell."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from bench.meters import PROC, peak_memory, server_seconds, session_seconds

pytestmark = pytest.mark.skipif(not (PROC / "self/stat").exists(), reason="needs /proc")

WORK = "import time; end = time.process_time() + 0.3\nwhile time.process_time() < end: pass\n"
FAMILY = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {WORK!r}])\n"
WAITS = "print('done', flush=True); input()"


@pytest.fixture
def family() -> Iterator[subprocess.Popen[str]]:
    """A process whose child has worked for 0.3 seconds and ended."""
    process = subprocess.Popen(
        [sys.executable, "-c", FAMILY + WAITS],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with process:
        if process.stdout is None:
            raise AssertionError("started without a pipe")
        assert process.stdout.readline() == "done\n"
        yield process
        process.kill()


def test_processes_that_ended_count_for_their_server(family: subprocess.Popen[str]) -> None:
    """Parallel workers come and go within one request."""
    seconds = server_seconds(family.pid)
    assert seconds is not None
    assert seconds >= 0.29


def test_a_program_is_all_of_its_session(family: subprocess.Popen[str]) -> None:
    """A server may have a process of its own for the work."""
    seconds = session_seconds(family.pid)
    assert seconds is not None
    assert seconds >= 0.29


def test_nothing_is_known_of_a_process_that_is_gone() -> None:
    """It is no zero."""
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    assert server_seconds(done.pid) is None
    assert session_seconds(done.pid) is None
    assert peak_memory(done.pid) is None


def test_the_peak_can_begin_anew() -> None:
    """Memory that was given back before does not count."""
    big = bytearray(64_000_000)
    before = peak_memory(os.getpid())
    del big
    after = peak_memory(os.getpid(), anew=True)
    if before is None or after is None:
        pytest.skip("this kernel does not tell")
    assert before - after > 50_000_000
