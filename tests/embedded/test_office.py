"""A server that cannot start says why."""

from __future__ import annotations

from pathlib import Path

import pytest

from fastgres.embedded import acquire
from fastgres.errors import EmbeddedError
from tests.embedded.processes import query


def test_error_shows_the_end_of_the_log(directory: Path) -> None:
    """And once the cause is gone, the next start works."""
    with acquire(directory, durable=False):
        pass
    configuration = directory / "data" / "postgresql.conf"
    sound = configuration.read_text()
    configuration.write_text(f"{sound}\nnonsense = 1\n")
    with pytest.raises(EmbeddedError, match=r'server\.log:[^§]*"nonsense"'):
        acquire(directory, durable=False)
    configuration.write_text(sound)
    with acquire(directory, durable=False) as cluster:
        assert query(cluster.url(), "SELECT 1") == "1"


def test_log_of_the_start_before_is_kept(directory: Path) -> None:
    """Who restarts to see what was wrong finds it."""
    for _ in range(2):
        with acquire(directory, durable=False):
            pass
    assert "database system is shut down" in (directory / "server.log.1").read_text()
