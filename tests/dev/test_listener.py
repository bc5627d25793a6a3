"""The port of the development server."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from fastgres.dev import listen
from fastgres.errors import ConfigurationError
from fastgres.settings import Settings, load_settings


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that another socket listens on."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield int(other.getsockname()[1])


def settings(**values: object) -> Settings:
    """Return settings for tests."""
    return load_settings(Settings, environment="test", **values)


def test_a_free_port_is_taken_before_it_listens() -> None:
    """Nobody can snatch it while the database starts; clients are refused until it serves."""
    with listen(settings(port=0)) as listener:
        port = listener.getsockname()[1]
        with socket.socket() as client:
            assert client.connect_ex(("127.0.0.1", port)) != 0


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="only Linux tells who it is")
def test_a_taken_port_names_its_holder_and_the_way_out(taken: int) -> None:
    """The process, and the very commands to take another."""
    with pytest.raises(ConfigurationError) as raised, listen(settings(port=taken)):
        pass
    message = str(raised.value)
    assert f"Port {taken} on 127.0.0.1 is already taken by " in message
    assert f"(process {os.getpid()})" in message
    assert f"PORT={taken + 1} make demo" in message
    assert f"--port {taken + 1}" in message


def test_an_address_of_another_machine_is_refused() -> None:
    """192.0.2.1 is kept for documentation, so it is nobody's."""
    with (
        pytest.raises(ConfigurationError, match=r"192\.0\.2\.1"),
        listen(settings(host="192.0.2.1", port=0)),
    ):
        pass
