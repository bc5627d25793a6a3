"""Commands as processes, forked from one that has already imported what all of them need.

A command takes a second or two to import the web and the database, and the tests run more than a
hundred. Each fork has a folder, variables, streams and an exit code of its own, and the project is
imported in it alone. What it skips is the start of Python, which servers, workers, and the commands
of the documentation have.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

ROOT = Path(__file__).parents[1]
SERVE = "from tests.nursery import serve; exec(serve({line}))"
IMPORTED = ("alembic.autogenerate", "alembic.command", "fastgres.cli", "fastgres.dev", "rich.live")
NUMBER = 8
"""Bytes of each number that tells of a fork: its process, then its exit code."""


class Nursery:
    """The process that forks, and the line on which it is asked to."""

    def __init__(self) -> None:
        self._line, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-c", SERVE.format(line=theirs.fileno())],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        atexit.register(self.close)

    def close(self) -> None:
        """Let the process end."""
        self._line.close()
        self._process.wait()

    def fork(self, asked: dict[str, Any], descriptors: list[int]) -> None:
        """Ask for a fork with three streams and the pipe that tells of it."""
        with tempfile.TemporaryFile() as file:
            file.write(json.dumps(asked).encode())
            file.seek(0)
            socket.send_fds(self._line, [b"!"], [file.fileno(), *descriptors])


@cache
def nursery() -> Nursery:
    """Return that of this process."""
    return Nursery()


class Fork:
    """A process that runs code as `python -c CODE WORDS` does."""

    def __init__(
        self, command: tuple[str, ...], cwd: Path, env: dict[str, str], streams: list[int]
    ) -> None:
        self._told, telling = os.pipe()
        try:
            asked = {"command": command, "cwd": str(cwd), "env": env}
            nursery().fork(asked, [*streams, telling])
        finally:
            os.close(telling)
        self.pid = self._number()

    def ended(self, seconds: float) -> int:
        """Wait for its end, which comes by a signal after so many seconds; return the code."""
        if not select.select([self._told], [], [], seconds)[0]:
            os.kill(self.pid, signal.SIGKILL)
        code = self._number()
        os.close(self._told)
        return code

    def _number(self) -> int:
        return int.from_bytes(os.read(self._told, NUMBER), "big", signed=True)


def run(
    command: tuple[str, ...], cwd: Path, env: dict[str, str], *, typed: str = "", patience: float
) -> subprocess.CompletedProcess[str]:
    """Run code to its end and keep what it prints, as `subprocess.run` does."""
    pipes = [os.pipe(), os.pipe()]
    with tempfile.TemporaryFile() as stdin, ThreadPoolExecutor(len(pipes)) as readers:
        stdin.write(typed.encode())
        stdin.seek(0)
        writing = [end for _, end in pipes]
        try:
            fork = Fork(command, cwd, env, [stdin.fileno(), *writing])
        finally:
            for each in writing:
                os.close(each)
        texts = readers.map(_text, [end for end, _ in pipes])
        code = fork.ended(patience)
        return subprocess.CompletedProcess(command, code, *texts)


def _text(descriptor: int) -> str:
    with open(descriptor) as stream:
        return stream.read()


def serve(descriptor: int) -> str:
    """Fork one after the other; return, in a fork, the code that it is to run."""
    for name in IMPORTED:
        importlib.import_module(name)
    # Tests change a source within a second, often to one as long: compiled ones would be stale.
    sys.dont_write_bytecode = True
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    line = socket.socket(fileno=descriptor)
    while True:
        asked, received, _, _ = socket.recv_fds(line, 1, 5)
        if not asked:
            sys.exit()
        file, *descriptors = received
        if os.fork() == 0:
            line.close()
            return _begin(json.loads(_text(file)), descriptors)
        for each in (file, *descriptors):
            os.close(each)


def _begin(asked: dict[str, Any], descriptors: list[int]) -> str:
    """Become what was asked for, below a process that tells of its beginning and its end."""
    *streams, telling = descriptors
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    child = os.fork()
    if child:
        _watch(child, streams, telling)
    os.close(telling)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["env"])
    code, *words = asked["command"]
    sys.argv = ["-c", *words]
    return str(code)


def _watch(child: int, streams: list[int], telling: int) -> NoReturn:
    for stream in streams:
        os.close(stream)
    os.write(telling, child.to_bytes(NUMBER, "big"))
    _, status = os.waitpid(child, 0)
    os.write(telling, os.waitstatus_to_exitcode(status).to_bytes(NUMBER, "big", signed=True))
    os._exit(0)
