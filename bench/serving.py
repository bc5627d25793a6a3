"""How services are started: one process each."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.places import DRIZZLE, PEERS


def uvicorn(python: Path) -> Callable[[str, int], Sequence[str]]:
    """Serve an ASGI application as all of them are served."""

    def command(module: str, port: int) -> Sequence[str]:
        return [
            *(str(python), "-m", "uvicorn", f"bench.contestants.{module}:app"),
            *("--host", "127.0.0.1", "--port", str(port), "--loop", "uvloop"),
            *("--http", "httptools", "--no-access-log", "--log-level", "warning"),
        ]

    return command


def gunicorn(module: str, port: int) -> Sequence[str]:
    """Serve a WSGI application with ten threads."""
    return [
        *(str(PEERS), "-m", "gunicorn", f"bench.contestants.{module}:app"),
        *("--bind", f"127.0.0.1:{port}", "--workers", "1", "--threads", "10"),
        *("--worker-class", "gthread", "--keep-alive", "60", "--log-level", "warning"),
    ]


def node(module: str, port: int) -> Sequence[str]:  # noqa: ARG001 - the port is in the environment
    """Serve with Node."""
    return [shutil.which("node") or "node", str(DRIZZLE / "server.js")]


OURS = uvicorn(Path(sys.executable))
THEIRS = uvicorn(PEERS)
