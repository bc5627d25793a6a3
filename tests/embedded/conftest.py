"""Directories for real clusters, and other processes that use them."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fastgres.embedded import Cluster, acquire
from tests.embedded.processes import Holder, Keeping


@contextmanager
def open_directory() -> Iterator[Path]:
    """Yield a directory that every account can enter, which those of pytest are not."""
    made = Path(tempfile.mkdtemp(prefix="fastgres-test-", dir="/tmp"))
    made.chmod(0o711)
    yield made
    while made.exists():  # the server of a killed user may still be writing
        shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def place() -> Iterator[Path]:
    """Give a directory to one test."""
    with open_directory() as made:
        yield made


@pytest.fixture
def directory(place: Path) -> Path:
    """Give a directory for a cluster."""
    return place / "postgres"


@pytest.fixture(scope="session")
def data() -> Iterator[Path]:
    """Give data of a cluster that nobody has used, to be copied: to make them takes long."""
    with open_directory() as made:
        with acquire(made / "postgres", durable=False):
            pass
        yield made / "postgres" / "data"


@pytest.fixture
def made(directory: Path, data: Path) -> Path:
    """Give a directory in which the data of a cluster are made already."""
    directory.mkdir()
    directory.chmod(0o711)
    subprocess.run(["cp", "-a", data, directory], check=True)
    return directory


@pytest.fixture
def cluster(made: Path) -> Iterator[Cluster]:
    """Give a running cluster to one test alone."""
    with acquire(made, durable=False) as leased:
        yield leased


@pytest.fixture(scope="module")
def shared_cluster() -> Iterator[Cluster]:
    """Give a running cluster to all tests that do no more than ask it."""
    with open_directory() as made, acquire(made / "postgres", durable=False) as leased:
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
