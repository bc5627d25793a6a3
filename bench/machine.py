"""The machine and the versions, for the page of results."""

from __future__ import annotations

import datetime as dt
import json
import os
import platform
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from bench.database import Database
from bench.places import DRIZZLE, PEERS, ROOT

OURS = ("fastapi", "pydantic", "sqlalchemy", "asyncpg", "starlette", "uvicorn", "uvloop")
THEIRS = (
    *("sqlmodel", "psycopg", "litestar", "advanced-alchemy", "msgspec"),
    *("django", "django-ninja", "gunicorn"),
)
_VERSIONS = """\
import importlib.metadata as m, json, sys
print(json.dumps({name: m.version(name) for name in sys.argv[1:]}))
"""


def describe(database: Database, python: str, *, load: float, durability: str) -> dict[str, str]:
    """Return what a reader needs to judge the figures, by name."""
    return {
        **surroundings(load=load),
        "PostgreSQL": f"{database.version}; {durability}",
        "Python": platform.python_version(),
        "Packages": listed(packages(python, OURS) | packages(str(PEERS), THEIRS)),
        "Node": listed(_node()) or "not installed",
        "wrk": _wrk(),
        "fastgres": commit(),
    }


def surroundings(*, load: float) -> dict[str, str]:
    """Return what is told of the machine itself, by name."""
    return {
        "Date": dt.datetime.now(dt.UTC).date().isoformat(),
        "Processor": f"{_processor()}, {os.cpu_count()} cores",
        "Memory": _memory(),
        "System": f"{_system()}, kernel {platform.release()}",
        "Load before": f"{load:.2f}" + (" (other programs ran)" if load > 0.5 else ""),
    }


def load() -> float:
    """Return the average number of running programs of the last minute."""
    return os.getloadavg()[0]


def _processor() -> str:
    return _found(Path("/proc/cpuinfo"), r"^model name\s*: (.+)$") or platform.machine()


def _memory() -> str:
    kilobytes = _found(Path("/proc/meminfo"), r"^MemTotal:\s*(\d+) kB$")
    return f"{int(kilobytes) / 2**20:.0f} GiB" if kilobytes else "unknown"


def _system() -> str:
    return _found(Path("/etc/os-release"), r'^PRETTY_NAME="(.+)"$') or platform.system()


def _found(path: Path, pattern: str) -> str | None:
    if not path.exists():
        return None
    found = re.search(pattern, path.read_text(), re.MULTILINE)
    return found[1] if found else None


def packages(python: str, names: Sequence[str]) -> dict[str, str]:
    """Return the versions that are installed beside an interpreter."""
    said = _said(python, "-c", _VERSIONS, *names)
    return dict(json.loads(said)) if said else {}


def _node() -> dict[str, str]:
    version = _said("node", "--version")
    if not version:
        return {}
    packages = json.loads((DRIZZLE / "package.json").read_text())["dependencies"]
    return {"node": version.removeprefix("v"), **packages}


def _wrk() -> str:
    found = re.search(r"wrk (\S+)", _said("wrk", "--version"))
    return found[1] if found else "not installed"


def commit() -> str:
    """Return the commit that is checked out."""
    return _said("git", "-C", str(ROOT), "rev-parse", "--short", "HEAD") or "not from git"


def listed(versions: dict[str, str]) -> str:
    """Write versions in one line."""
    return ", ".join(f"{name} {version}" for name, version in versions.items())


def _said(*command: str) -> str:
    """Return what a program prints; "" when there is no such program, or it fails to start."""
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - commands of this module
    except OSError:
        return ""
    return done.stdout.strip()
