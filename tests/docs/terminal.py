"""A shell as a reader of the documentation has it, and what a page says it shows."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tests.docs.blocks import ROOT, Block

PATIENCE = 60.0
"""Seconds after which a program that is to say something is taken for stuck."""

PORT = "8000"
"""The port that pages speak of; a terminal has another, as several may be open."""

END = "\x1eend "
FAILS = "# fails"
NOT_A_READERS = {"DATABASE_URL", "ENVIRONMENT", "HOST", "LOG_FORMAT", "LOG_LEVEL", "PORT"} | {
    "MAKEFLAGS",
    "MAKELEVEL",
    "MFLAGS",
}
"""Variables that those who run the tests may have set."""


@dataclass(frozen=True)
class Command:
    """One line behind a `$`, and what the page shows below it; "" where it shows nothing."""

    line: int
    text: str
    shown: str

    @property
    def fails(self) -> bool:
        """Tell whether the page announces an error: `$ fastgres db upgrad  # fails`."""
        return self.text.endswith(FAILS)


def commands_of(block: Block) -> list[Command]:
    """Split a console block at its prompts; a trailing backslash continues a command."""
    commands: list[Command] = []
    lines = block.text.splitlines()
    while lines:
        number = block.line + len(block.text.splitlines()) - len(lines)
        words = [lines.pop(0).removeprefix("$ ")]
        while words[-1].endswith("\\") and lines:
            words.append(lines.pop(0).removeprefix("> "))
        shown: list[str] = []
        while lines and not lines[0].startswith("$ "):
            shown.append(lines.pop(0))
        commands.append(Command(number, "\n".join(words), "\n".join(shown)))
    return commands


def shows(shown: str, output: str) -> bool:
    """Tell whether `output` is what the page shows; `...` stands for anything.

    A line of nothing but `...` stands for any number of lines.
    """
    lines = [
        r"(?:.*\n)*" if line == "..." else re.escape(line).replace(r"\.\.\.", ".*") + r"\n"
        for line in normal(shown).splitlines()
    ]
    return re.fullmatch("".join(lines), normal(output) + "\n") is not None


def normal(text: str) -> str:
    """Leave out what nobody sees: blanks at the end of lines, empty lines at both ends."""
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def environment(**more: str) -> dict[str, str]:
    """Return the variables of a reader who has set none: plain output, our own programs first."""
    kept = {name: value for name, value in os.environ.items() if name not in NOT_A_READERS}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return kept | {"PATH": path, "NO_COLOR": "1", "COLUMNS": "100", "TERM": "dumb", **more}


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Terminal:
    """One shell for one page, so that `cd` and variables last from block to block."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.port = str(free_port())
        self.shell = subprocess.Popen(
            ["bash", "--norc"],
            cwd=directory,
            env=environment(PORT=self.port),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.servers: list[subprocess.Popen[str]] = []

    def on_page(self, output: str) -> str:
        """Return an output with the port that pages speak of."""
        return output.replace(self.port, PORT)

    def run(self, command: str) -> tuple[str, int]:
        """Run a command to its end; return what it printed, and its exit code."""
        stdin, stdout = pipes(self.shell)
        command = command.replace(PORT, self.port)
        stdin.write(f"{{ {command}\n}} </dev/null\nprintf '\\n{END}%s\\n' $?\n")
        stdin.flush()
        lines: list[str] = []
        for line in stdout:
            if line.startswith(END):
                return "".join(lines), int(line.removeprefix(END))
            lines.append(line)
        raise AssertionError(f"the shell ended while it ran {command!r}: {''.join(lines)}")

    def start(self, command: Command) -> str:
        """Start a server in a second terminal and return what it said until it was as shown."""
        directory, _ = self.run("pwd")
        log = self.directory / f"server-{len(self.servers)}.log"
        with log.open("w") as file:
            server = subprocess.Popen(
                ["bash", "--norc", "-c", command.text],
                cwd=directory.strip(),
                env=environment(PORT=self.port),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
        self.servers.append(server)
        deadline = time.monotonic() + PATIENCE
        while not shows(command.shown, self.on_page(log.read_text())):
            if server.poll() is not None or time.monotonic() > deadline:
                break
            time.sleep(0.05)
        return log.read_text()

    def close(self) -> None:
        """Press Ctrl-C in every terminal, and wait until all is quiet."""
        for process in (*self.servers, self.shell):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGINT)
        stdin, stdout = pipes(self.shell)
        stdin.close()
        stdout.close()
        for process in (*self.servers, self.shell):
            process.wait(PATIENCE)


def pipes(shell: subprocess.Popen[str]) -> tuple[IO[str], IO[str]]:
    """Return both ends of a shell that was started with pipes."""
    if shell.stdin is None or shell.stdout is None:
        raise AssertionError("the shell was started without pipes")
    return shell.stdin, shell.stdout


@contextlib.contextmanager
def terminal(directory: Path) -> Iterator[Terminal]:
    """Open a terminal in a copy of the checkout's visible part, so that nothing is changed."""
    checkout = directory / "fastgres"
    checkout.mkdir()
    ignored = shutil.ignore_patterns(".*", "__pycache__", "node_modules")
    shutil.copytree(ROOT / "examples", checkout / "examples", ignore=ignored)
    shutil.copy(ROOT / "Makefile", checkout)
    (checkout / ".venv").symlink_to(sys.prefix)
    opened = Terminal(checkout)
    try:
        yield opened
    finally:
        opened.close()
