"""A real process: started, killed, frozen, revived, ended."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import httpx

from chaos.errors import ChaosError
from chaos.places import LOGS, PATH, SERVICE
from chaos.waiting import until

_PATIENCE: Final = 60.0
_KEPT: Final = ("PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH")
FASTGRES: Final = Path(sys.executable).with_name("fastgres")


class Program:
    """A command in a session of its own; what it says goes to a log of its name."""

    def __init__(
        self, name: str, command: Sequence[str | Path], environment: Mapping[str, str]
    ) -> None:
        self.name = name
        self._command = [str(part) for part in command]
        kept = {key: os.environ[key] for key in _KEPT if key in os.environ}
        self._environment = {**kept, "PYTHONPATH": PATH, **environment}
        self.log = LOGS / f"{name}.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The process; raises before the first start."""
        if self._process is None:
            raise ChaosError(f"{self.name} was not started.")
        return self._process

    @property
    def runs(self) -> bool:
        """Whether it has been started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it, anew if it has ended; the log goes on."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - commands of our own
                self._command,
                cwd=SERVICE,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def kill(self) -> None:
        """Kill it with all that it has started, and take it off the process table."""
        self._signal(signal.SIGKILL)
        self.process.wait()

    def freeze(self) -> None:
        """Stop it where it stands."""
        self._signal(signal.SIGSTOP)

    def revive(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    async def end(self, patience: float = _PATIENCE) -> int:
        """Ask it to end (SIGTERM); return its exit status."""
        self.process.terminate()
        deadline = time.monotonic() + patience
        while (status := self.process.poll()) is None:
            if time.monotonic() > deadline:
                self.kill()
                raise ChaosError(f"{self.name} did not end within {patience:g} s of SIGTERM.")
            await asyncio.sleep(0.02)
        return status

    def said(self) -> str:
        """Return the end of its log."""
        lines = self.log.read_text(errors="replace").splitlines()[-15:]
        return "\n".join(line[:500] for line in lines)

    def _signal(self, number: signal.Signals) -> None:
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            return


async def ready(program: Program, url: str) -> float:
    """Return the moment (monotonic) at which the server answers that it is ready."""
    deadline = time.monotonic() + _PATIENCE
    async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
        while time.monotonic() < deadline and program.runs:
            try:
                if (await client.get(f"{url}/readyz")).is_success:
                    return time.monotonic()
            except httpx.HTTPError:
                pass
            await asyncio.sleep(0.05)
    raise ChaosError(f"{program.name} did not become ready:\n{program.said()}")


async def run(command: Sequence[str | Path], environment: Mapping[str, str]) -> None:
    """Run a command to its end; raise when it fails."""
    program = Program("setup", command, environment)
    program.start()

    async def ended() -> bool:
        return not program.runs

    await until(ended, patience=_PATIENCE)
    if program.process.returncode:
        raise ChaosError(f"{' '.join(map(str, command))} failed:\n{program.said()}")


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
