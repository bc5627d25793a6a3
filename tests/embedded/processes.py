"""The processes that use a cluster, those that keep it, and how to wait for them."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from fastgres.embedded import find_programs

PATIENCE: Final = 30.0
HOLDER: Final = Path(__file__).with_name("holder.py")


class Holder:
    """Another process with a lease."""

    def __init__(self, directory: Path, *options: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, HOLDER, directory, *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.child = 0

    def wait_until_ready(self) -> str:
        """Return the URL that the process got; remember the child that it forked."""
        if self.process.stdout is None:
            raise RuntimeError
        url, child = self.process.stdout.readline().split()
        self.child = int(child)
        return url

    def end(self, way: signal.Signals | None = None) -> None:
        """End the process by a signal, or in good order."""
        if way is not None:
            self.process.send_signal(way)
        if self.process.stdin is not None:
            self.process.stdin.close()
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()


class Keeping:
    """The two processes that keep the cluster of a directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    @property
    def postmaster(self) -> int:
        """The process id of the server, as it last wrote it."""
        return int((self.directory / "data" / "postmaster.pid").read_text().split()[0])

    @property
    def keeper(self) -> int:
        """The process id of the keeper: the server's parent."""
        return int(_ps("ppid", self.postmaster))


def is_alive(pid: int) -> bool:
    """Whether a process runs, zombies aside."""
    return _ps("stat", pid)[:1] not in {"", "Z"}


def query(url: str, statement: str, user: int | None = None) -> str:
    """Run a statement by psql; return its output, or its error text with a leading "ERROR"."""
    done = subprocess.run(
        [find_programs().directory / "psql", "-XAtw", "-d", url, "-c", statement],
        check=False,
        capture_output=True,
        text=True,
        cwd="/",
        user=user,
    )
    return done.stdout.strip() if done.returncode == 0 else f"ERROR {done.stderr.strip()}"


def eventually(condition: Callable[[], object]) -> None:
    """Wait until the condition holds; fail when it does not come about in 30 s."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail("the condition did not come about")
        time.sleep(0.02)


def _ps(column: str, pid: int) -> str:
    done = subprocess.run(
        ["ps", "-o", f"{column}=", "-p", str(pid)], check=False, capture_output=True, text=True
    )
    return done.stdout.strip()
