"""What processes have used, read from /proc; elsewhere than on Linux nothing is known."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Process:
    """One line of /proc/<pid>/stat: who it belongs to, and the seconds it and its dead used."""

    pid: int
    parent: int
    session: int
    own: float
    buried: float

    @classmethod
    def read(cls, pid: int) -> Process:
        """Read it; raises OSError when the process is gone."""
        text = (PROC / str(pid) / "stat").read_text()
        fields = text[text.rindex(")") + 2 :].split()
        tick = os.sysconf("SC_CLK_TCK")
        user, system, dead_user, dead_system = (int(each) / tick for each in fields[11:15])
        return cls(pid, int(fields[1]), int(fields[3]), user + system, dead_user + dead_system)

    def precise(self) -> float:
        """Return the seconds of a process with one thread, to the nanosecond where possible."""
        try:
            return int((PROC / str(self.pid) / "schedstat").read_text().split()[0]) / 1e9
        except (OSError, ValueError, IndexError):
            return self.own


def processes() -> Iterator[Process]:
    """Yield all processes there are."""
    for entry in PROC.iterdir() if PROC.is_dir() else ():
        if entry.name.isdigit():
            try:
                yield Process.read(int(entry.name))
            except OSError:
                continue


def server_seconds(postmaster: int) -> float | None:
    """Return the CPU time of a PostgreSQL server: itself, its processes, and those that ended."""
    members = [each for each in processes() if postmaster in {each.pid, each.parent}]
    buried = sum(each.buried for each in members if each.pid == postmaster)
    return sum(each.precise() for each in members) + buried if members else None


def session_seconds(leader: int) -> float | None:
    """Return the CPU time of a program: all processes of the session that it leads."""
    members = [process for process in processes() if process.session == leader]
    return sum(process.own + process.buried for process in members) if members else None


def peak_memory(pid: int, *, anew: bool = False) -> int | None:
    """Return the most bytes a process ever held, or since it was last asked to begin `anew`."""
    try:
        if anew:
            (PROC / str(pid) / "clear_refs").write_text("5")
        lines = (PROC / str(pid) / "status").read_text().splitlines()
    except OSError:
        return None
    held = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
    return int(held[0]) * 1024 if held else None
