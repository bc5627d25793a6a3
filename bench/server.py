"""One contestant, started and stopped."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Final, Self

from bench.cores import cores, pinned
from bench.errors import BenchError
from bench.places import LOGS, ROOT

_PATIENCE: Final = 30.0
_KEPT: Final = ("PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH")


class Server:
    """A contestant's process on its core, from the first answer to the end of the block."""

    def __init__(
        self, name: str, command: Sequence[str], *, port: int, environment: Mapping[str, str]
    ) -> None:
        self.name = name
        self.port = port
        self._command = command
        kept = {key: os.environ[key] for key in _KEPT if key in os.environ}
        self._environment = {**kept, "PORT": str(port), **environment}
        self._log = LOGS / f"{name}.log"

    def __enter__(self) -> Self:
        LOGS.mkdir(parents=True, exist_ok=True)
        with self._log.open("w") as log, pinned(cores()[0]):
            self.process = subprocess.Popen(  # noqa: S603 - commands of our own roster
                self._command,
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            self._wait()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    def get(self, path: str) -> bytes:
        """Return the body of an answer; raise when it is no 200."""
        return self._answered("GET", path, wanted=200)

    def post(self, path: str, body: str, *, key: str | None = None) -> bytes:
        """Send JSON, with a key where one is given, and return the answer; it has to be a 201."""
        headers = {"Content-Type": "application/json"}
        if key:
            headers["Idempotency-Key"] = key
        return self._answered("POST", path, wanted=201, body=body.encode(), headers=headers)

    def _answered(self, method: str, path: str, *, wanted: int, **sent: Any) -> bytes:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_PATIENCE)
        try:
            connection.request(method, path, **sent)
            response = connection.getresponse()
            answer = response.read()
        except OSError as error:
            raise BenchError(f"{self.name} broke on {path}: {error}\n{self._said()}") from error
        finally:
            connection.close()
        if response.status != wanted:
            text = answer[:500].decode(errors="replace")
            raise BenchError(f"{self.name}: {path} is {response.status}: {text}\n{self._said()}")
        return answer

    def _wait(self) -> None:
        deadline = time.monotonic() + _PATIENCE
        while not self._listens():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise BenchError(f"{self.name} did not start:\n{self._said()}")
            time.sleep(0.02)

    def _listens(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True

    def _stop(self) -> None:
        for way in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.process.pid, way)
                self.process.wait(2)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                continue

    def _said(self) -> str:
        lines = self._log.read_text(errors="replace").splitlines()[-20:]
        return "\n".join(line[:500] for line in lines)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
