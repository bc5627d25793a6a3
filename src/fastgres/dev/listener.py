"""The port the development server listens on, taken before anything else is started."""

from __future__ import annotations

import errno
import re
import socket
import time
from pathlib import Path

from fastgres.app import bind
from fastgres.errors import ConfigurationError
from fastgres.settings import Settings

# A server whose parent was killed needs a moment to notice and let its port go.
PATIENCE = 1.5


def listen(settings: Settings) -> socket.socket:
    """Return a socket bound to `host` and `port`, which is not yet listening.

    Raises:
        ConfigurationError: when the address is taken or is not this machine's; names the process
            that holds the port where Linux tells.

    ```python
    from fastgres.dev import listen
    from fastgres.settings import Settings

    with listen(Settings(port=0)) as listener:
        assert listener.getsockname()[1] > 0
    ```
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return bind(settings)
        except ConfigurationError as error:
            cause = error.__cause__
            if not isinstance(cause, OSError) or cause.errno != errno.EADDRINUSE:
                raise
            if time.monotonic() > deadline:
                raise ConfigurationError(_taken(settings.host, settings.port)) from cause
        time.sleep(0.1)


def _taken(host: str, port: int) -> str:
    who = _holder(port)
    by = f" by {who}" if who else ""
    return (
        f"Port {port} on {host} is already taken{by}, so the server cannot listen there. Stop "
        f"that, or take another port: `fastgres dev --port {port + 1}`, "
        f"or `PORT={port + 1} make demo`."
    )


def _holder(port: int) -> str | None:
    """Return what holds the port as `name (process 123)`, where /proc tells us."""
    inodes = {inode for table in ("tcp", "tcp6") for inode in _listening(table, port)}
    if not inodes:
        return None
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if any(str(link.readlink()) in inodes for link in (process / "fd").iterdir()):
                name = (process / "comm").read_text().strip()
                return f"{name} (process {process.name})"
        except OSError:  # another user's, or gone meanwhile
            continue
    return None


def _listening(table: str, port: int) -> list[str]:
    try:
        lines = Path("/proc/net", table).read_text().splitlines()[1:]
    except OSError:
        return []
    rows = [re.split(r"\s+", line.strip()) for line in lines]
    listens = "0A"
    return [
        f"socket:[{row[9]}]"
        for row in rows
        if row[3] == listens and int(row[1].rpartition(":")[2], 16) == port
    ]
