"""Locks between processes: files whose lock the kernel gives back when the holder dies."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Final

from fastgres.embedded.ownership import check_own_file
from fastgres.errors import EmbeddedError

_POLL: Final = 0.01
_held: Final[set[FileLock]] = set()


class FileLock:
    """One open lock file, held shared or alone, or not held.

    Two objects are strangers to each other even in one process. A forked child holds nothing:
    a worker that outlives its killed parent must not keep the server alive.

    Raises:
        EmbeddedError: The file is there and someone else could have written it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor = _open_own(path)
        _held.add(self)

    def try_shared(self) -> bool:
        """Hold the lock with others, unless someone holds it alone; never waits."""
        import fcntl

        return self._try(fcntl.LOCK_SH)

    def try_alone(self) -> bool:
        """Hold the lock alone, unless someone else holds it; never waits."""
        import fcntl

        return self._try(fcntl.LOCK_EX)

    def wait_alone(self, deadline: float) -> None:
        """Hold the lock alone; raise EmbeddedError once `time.monotonic()` passes `deadline`."""
        while not self.try_alone():
            pause(deadline, f"{self.path} is held by another process")

    def unlock(self) -> None:
        """Give the lock back and keep the file open."""
        import fcntl

        fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def close(self) -> None:
        """Give the lock back for good; a second call does nothing."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            _held.discard(self)
            os.close(descriptor)

    @property
    def is_open(self) -> bool:
        """Whether the lock can still be used: neither closed nor inherited by a fork."""
        return self._descriptor >= 0

    @property
    def is_in_place(self) -> bool:
        """Whether the path still leads to this file, and not to nothing or a successor."""
        try:
            there = self.path.stat()
        except FileNotFoundError:
            return False
        return os.path.samestat(there, os.fstat(self._descriptor))

    def read(self) -> str:
        """Return what the lock file says: this file, whatever stands at its path by now."""
        return os.pread(self._descriptor, os.fstat(self._descriptor).st_size, 0).decode()

    def write(self, text: str) -> None:
        """Replace what the lock file says; for its holder."""
        data = text.encode()
        os.pwrite(self._descriptor, data, 0)
        os.ftruncate(self._descriptor, len(data))

    def _try(self, operation: int) -> bool:
        import fcntl

        try:
            fcntl.flock(self._descriptor, operation | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def pause(deadline: float, reason: str) -> None:
    """Sleep one polling step; raise EmbeddedError with `reason` when the deadline has passed."""
    if time.monotonic() > deadline:
        raise EmbeddedError(f"Gave up waiting for the embedded PostgreSQL: {reason}.")
    time.sleep(_POLL)


def _open_own(path: Path) -> int:
    """Open a lock file, made if need be; the descriptor is checked, for a path may change."""
    if path.is_symlink():
        check_own_file(path, path.lstat())
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    descriptor = os.open(path, flags, 0o600)
    try:
        check_own_file(path, os.fstat(descriptor))
    except EmbeddedError:
        os.close(descriptor)
        raise
    return descriptor


def _close_in_child() -> None:
    for lock in tuple(_held):
        lock.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_close_in_child)
