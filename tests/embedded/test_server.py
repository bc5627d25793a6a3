"""What a server is told, and what others learn of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from fastgres.embedded import Cluster
from fastgres.embedded.account import Account
from fastgres.embedded.server import Server
from tests.embedded.processes import Keeping


@pytest.fixture
def server(tmp_path: Path) -> Server:
    """Describe a server that nobody has started."""
    return Server(
        directory=tmp_path,
        data=tmp_path / "data",
        sockets=tmp_path / 'r"un',
        programs=tmp_path / "bin",
        version="18.6",
        account=Account(1, 2),
        durable=True,
    )


def test_server_passes_from_process_to_process(server: Server) -> None:
    """What is written is what is read."""
    assert Server.from_json(server.to_json()) == server


def test_quotes_in_the_directory_of_the_socket_are_doubled(server: Server) -> None:
    """The setting is a list of names that may be quoted."""
    assert f'unix_socket_directories="{server.directory}/r""un"' in server.command


def test_server_that_is_not_there_is_not_ready(server: Server) -> None:
    """A stale "ready" of a dead server counts for nothing."""
    assert not server.is_ready
    server.data.mkdir()
    (server.data / "postmaster.pid").write_text("1\n/\n0\n5432\n/\n\n0 0\nready   \n")
    assert not server.is_ready
    assert server.strays() == []


def test_processes_on_the_data_are_known(cluster: Cluster, keeping: Keeping) -> None:
    """The postmaster and its children, and no one else who stands in the directory."""
    server = Server.from_json((cluster.directory / "keeper").read_text())
    assert server.is_ready
    assert keeping.postmaster in server.strays()
    assert keeping.keeper not in server.strays()
