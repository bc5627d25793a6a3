"""How uvicorn is set up, and where it listens."""

from __future__ import annotations

import socket

import pytest

from fastgres.app import bind, server_config
from fastgres.errors import ConfigurationError
from fastgres.settings import Settings


def settings(**values: object) -> Settings:
    """Make settings for a test."""
    return Settings(**{"environment": "test", **values})  # type: ignore[arg-type]  # by name


def test_server_names_nobody_and_believes_nobody() -> None:
    config = server_config("shop.main:create_app", settings(workers=3, shutdown_timeout=1.5))
    assert not config.server_header
    assert not config.proxy_headers
    assert not config.access_log
    assert (config.factory, config.lifespan, config.workers) == (True, "on", 3)
    assert config.timeout_graceful_shutdown == 2


def test_taken_port_is_an_error_that_names_another() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(ConfigurationError, match=rf"127\.0\.0\.1:{port}.*PORT={port + 1}"):
            bind(settings(port=port))


def test_host_of_another_machine_is_an_error() -> None:
    with pytest.raises(ConfigurationError, match=r"192\.0\.2\.1"):
        bind(settings(host="192.0.2.1", port=0))


@pytest.mark.parametrize("host", ["::1", "[::1]"])
def test_address_may_be_of_version_6(host: str) -> None:
    with bind(settings(host=host, port=0)) as listener:
        assert listener.family is socket.AF_INET6
