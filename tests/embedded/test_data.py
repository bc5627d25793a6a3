"""A data directory is whole or not there, and belongs to one major version."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from fastgres.embedded import acquire, find_programs
from fastgres.errors import EmbeddedError
from tests.embedded.processes import Holder, eventually, query


def test_scraps_of_a_run_that_died_are_removed(directory: Path) -> None:
    """Half a data directory is never taken for one."""
    scraps = directory / "data.new-abc"
    (scraps / "base").mkdir(parents=True)
    directory.chmod(0o711)
    with acquire(directory, durable=False) as cluster:
        assert query(cluster.url(), "SELECT 1") == "1"
    assert not scraps.exists()


def test_user_killed_while_making_the_data_leaves_nothing_in_the_way(
    directory: Path, hold: Callable[..., Holder]
) -> None:
    """The next one makes them."""
    holder = hold()
    eventually(lambda: list(directory.glob("data.new-*/base")))
    holder.end(signal.SIGKILL)
    with acquire(directory, durable=False) as cluster:
        assert query(cluster.url(), "SELECT 1") == "1"


def test_data_of_another_version_are_refused(directory: Path) -> None:
    """Both versions, and the command that removes what cannot be read."""
    with acquire(directory, durable=False):
        pass
    (directory / "data" / "PG_VERSION").write_text("12\n")
    with pytest.raises(EmbeddedError) as caught:
        acquire(directory, durable=False)
    assert "made by PostgreSQL 12" in str(caught.value)
    assert f"are PostgreSQL {find_programs().version}" in str(caught.value)
    assert f"rm -r {directory / 'data'}" in str(caught.value)


def test_directory_that_holds_no_data_is_refused(directory: Path) -> None:
    """Something else is called `data`; it is not ours to remove."""
    (directory / "data").mkdir(parents=True)
    directory.chmod(0o711)
    with pytest.raises(EmbeddedError, match="no PG_VERSION"):
        acquire(directory, durable=False)


def test_failure_of_initdb_is_told_in_its_words(place: Path) -> None:
    """Programs that lack their share directory: initdb knows best."""
    broken = place / "bin"
    broken.mkdir()
    real = find_programs().directory
    for name in ("pg_ctl", "psql", "postgres"):
        (broken / name).symlink_to(real / name)
    (broken / "initdb").write_text("#!/bin/sh\necho 'no space left' >&2\nexit 1\n")
    (broken / "initdb").chmod(0o755)
    with pytest.raises(EmbeddedError, match="no space left"):
        acquire(place / "postgres", programs=broken, durable=False)
    assert list((place / "postgres").glob("data*")) == []
