"""Directories for real clusters, and other processes that use them."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fastgres.embedded import Cluster, acquire
from tests.embedded.processes import Holder, Keeping


@pytest.fixture
def place() -> Iterator[Path]:
    """Give a directory that every account can enter, which those of pytest are not."""
    made = Path(tempfile.mkdtemp(prefix="fastgres-test-", dir="/tmp"))
    made.chmod(0o711)
    yield made
    while made.exists():  # the server of a killed user may still be writing
        shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def directory(place: Path) -> Path:
    """Give a directory for a cluster."""
    return place / "postgres"


@pytest.fixture
def cluster(directory: Path) -> Iterator[Cluster]:
    """Give a running cluster to one test alone."""
    with acquire(directory, durable=False) as leased:
        yield leased


@pytest.fixture
def keeping(directory: Path) -> Keeping:
    """Give the processes that keep the cluster of the test."""
    return Keeping(directory)


@pytest.fixture
def hold(directory: Path) -> Iterator[Callable[..., Holder]]:
    """Give what starts another process with a lease on the directory of the test."""
    started: list[Holder] = []

    def start(*options: str) -> Holder:
        started.append(Holder(directory, *options))
        return started[-1]

    yield start
    for holder in started:
        holder.end(signal.SIGKILL)


@pytest.fixture
def outsider() -> int:
    """Give the user id of an account that is neither ours nor the server's."""
    if os.geteuid() != 0:
        pytest.skip("only root can act as another user")
    return pwd.getpwnam("daemon").pw_uid
