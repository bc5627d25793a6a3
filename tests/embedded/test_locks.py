"""Locks that end with their holder."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from fastgres.embedded.locks import FileLock
from fastgres.errors import EmbeddedError


def test_shared_holders_keep_out_who_wants_it_alone(tmp_path: Path) -> None:
    """Two objects are strangers even in one process."""
    first, second, third = (FileLock(tmp_path / "lock") for _ in range(3))
    assert first.try_shared()
    assert second.try_shared()
    assert not third.try_alone()
    first.close()
    assert not third.try_alone()
    second.close()
    assert third.try_alone()
    third.close()


def test_child_of_a_fork_holds_nothing(tmp_path: Path) -> None:
    """The parent's end is the end of the lock, though the child lives."""
    lock, other = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    assert lock.try_shared()
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(writing)
        os.read(reading, 1)
        os._exit(0 if not lock.is_open else 1)
    lock.close()
    deadline = time.monotonic() + 10
    other.wait_alone(deadline)
    os.close(writing)
    assert os.waitpid(child, 0)[1] == 0
    other.close()
    os.close(reading)


def test_waiting_ends_with_the_deadline(tmp_path: Path) -> None:
    """And says what it waited for."""
    holder, waiter = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    assert holder.try_alone()
    with pytest.raises(EmbeddedError, match="held by another process"):
        waiter.wait_alone(time.monotonic())
    holder.close()
    waiter.close()


def test_lock_knows_when_its_file_was_replaced(tmp_path: Path) -> None:
    """A lock on a file that nobody can find any more locks nothing."""
    lock = FileLock(tmp_path / "lock")
    seen = [lock.is_in_place]
    (tmp_path / "lock").unlink()
    seen.append(lock.is_in_place)
    (tmp_path / "lock").touch()
    seen.append(lock.is_in_place)
    assert seen == [True, False, False]
    lock.close()


def test_what_the_holder_writes_replaces_what_was_there(tmp_path: Path) -> None:
    """A shorter text leaves no rest of a longer one."""
    lock = FileLock(tmp_path / "lock")
    lock.write("long text")
    lock.write("short")
    lock.close()
    lock.close()
    assert (tmp_path / "lock").read_text() == "short"
