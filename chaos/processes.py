"""The processes of this machine, as Linux tells of them."""

from __future__ import annotations

from pathlib import Path


def children_of(parent: int) -> list[int]:
    """Return the processes that a process has started."""
    try:
        lists = [each.read_text() for each in Path(f"/proc/{parent}/task").glob("*/children")]
    except OSError:
        return []
    return [int(pid) for line in lists for pid in line.split()]


def sockets_of(pid: int) -> int:
    """Return how many sockets a process has open; 0 when it is gone."""
    try:
        links = [entry.readlink() for entry in Path(f"/proc/{pid}/fd").iterdir()]
    except OSError:
        return 0
    return sum(str(link).startswith("socket:") for link in links)
