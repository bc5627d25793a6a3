"""One PostgreSQL server: where it stands, how it is told to behave, whether it answers."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from fastgres.embedded.account import Account

PORT: Final = 5432
SUPERUSER: Final = "fastgres"
# Given as arguments, these win over ALTER SYSTEM; so only what must hold, or a start depends on.
_SETTINGS: Final = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "logging_collector": "off",
    "log_destination": "stderr",
    "log_line_prefix": "%m [%p] ",
    "log_checkpoints": "off",
    "log_timezone": "UTC",
    "timezone": "UTC",
    "shared_buffers": "128MB",
    "max_connections": "100",
    "max_wal_size": "2GB",
    "jit": "off",
    # The superuser and the schema of fastgres' own tables share a name: with "$user" in the path,
    # as is the default, every table of the project would be made in that schema.
    "search_path": "public",
}
_FORGETFUL: Final = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
# Postmaster's meanings: fast (roll back and go), immediate (go, recover next time), nothing left.
_WAYS_TO_STOP: Final = ((signal.SIGINT, 30.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0))


@dataclass(frozen=True, slots=True)
class Server:
    """Everything a keeper needs to run a server, and a user to find it.

    `directory` holds the locks and the log and belongs to the user; `data` and `sockets` belong
    to the account that runs the server.
    """

    directory: Path
    data: Path
    sockets: Path
    programs: Path
    version: str
    account: Account
    durable: bool

    def to_json(self) -> str:
        """Return the server as text for another process."""
        return json.dumps(asdict(self), default=str)

    @classmethod
    def from_json(cls, text: str) -> Server:
        """Read what `to_json` wrote; raises ValueError for anything else."""
        said = json.loads(text)
        for name in ("directory", "data", "sockets", "programs"):
            said[name] = Path(said[name])
        return cls(**{**said, "account": Account(**said["account"])})

    @property
    def command(self) -> list[str]:
        """The command line of the server."""
        quoted = str(self.sockets).replace('"', '""')
        settings = {
            **_SETTINGS,
            **({} if self.durable else _FORGETFUL),
            "unix_socket_directories": f'"{quoted}"',
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [str(self.programs / "postgres"), "-D", str(self.data), *options]

    @property
    def has_borrowed_sockets(self) -> bool:
        """Whether the socket's directory stands among the temporary ones, away from the data."""
        return self.sockets.parent != self.data.parent

    @property
    def is_ready(self) -> bool:
        """Whether connections are accepted: the socket lives, and recovery is over.

        In this order: whoever listens has written the status, a dead server's "ready" aside.
        """
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
                probe.connect(str(self.sockets / f".s.PGSQL.{PORT}"))
        except OSError:
            return False
        return self._status()[7:8] == ["ready"]

    def strays(self) -> list[int]:
        """Return the processes of a server on this data that has lost its keeper or postmaster."""
        if Path("/proc/self/cwd").exists():
            return [pid for pid in _processes() if self._runs_here(pid)]
        recorded = [int(line) for line in self._status()[:1] if line.isdigit()]
        return [pid for pid in recorded if _is_postgres(pid)]

    def end_strays(self) -> None:
        """Stop whatever still runs on this data: nothing can start beside it."""
        for way, patience in _WAYS_TO_STOP:
            deadline = time.monotonic() + patience
            for pid in self.strays():
                _signal(pid, way)
            while self.strays():
                if time.monotonic() > deadline:
                    break
                time.sleep(0.05)

    def _status(self) -> list[str]:
        try:
            lines = (self.data / "postmaster.pid").read_text(errors="replace").splitlines()
        except OSError:
            return []
        return [line.strip() for line in lines]

    def _runs_here(self, pid: int) -> bool:
        """Whether a process is a PostgreSQL that stands in this data directory."""
        process = Path("/proc") / str(pid)
        try:
            program = (process / "exe").readlink().name
            return "postgres" in program and (process / "cwd").samefile(self.data)
        except OSError:
            return False


def stop(pid: int) -> None:
    """Stop the server that is our child: fast, then immediately, then at all costs."""
    for way, patience in _WAYS_TO_STOP:
        _signal(pid, way)
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if os.waitpid(pid, os.WNOHANG)[0]:
                return
            time.sleep(0.01)


def _signal(pid: int, way: signal.Signals) -> None:
    try:
        os.kill(pid, way)
    except ProcessLookupError:
        return


def _processes() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _is_postgres(pid: int) -> bool:
    done = subprocess.run(  # noqa: S603 - a fixed program and a number
        ["/bin/ps", "-p", str(pid), "-o", "comm="], check=False, capture_output=True, text=True
    )
    return Path(done.stdout.strip()).name == "postgres"
