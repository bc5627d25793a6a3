"""The processes of this machine, as Linux tells of them."""

from __future__ import annotations

from pathlib import Path


def children_of(parent: int) -> list[int]:
    """Return the processes that a process has started."""
    return [pid for pid in _all() if _parent_of(pid) == parent]


def sockets_of(pid: int) -> int:
    """Return how many sockets a process has open; 0 when it is gone."""
    try:
        links = [entry.readlink() for entry in Path(f"/proc/{pid}/fd").iterdir()]
    except OSError:
        return 0
    return sum(str(link).startswith("socket:") for link in links)


def _all() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _parent_of(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0
    return int(status.rpartition(")")[2].split()[1])
