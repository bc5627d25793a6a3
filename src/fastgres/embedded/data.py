"""The data directory: made once and whole, and used by its own version only."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from fastgres.embedded.account import Account
from fastgres.embedded.places import make_private
from fastgres.embedded.programs import Programs
from fastgres.embedded.server import SUPERUSER
from fastgres.errors import EmbeddedError


def make_data(data: Path, programs: Programs, account: Account, *, durable: bool) -> None:
    """Make the data directory unless it is there, and check that the programs can read it.

    Call it under the start lock. A run that dies half-way leaves no `data`, only scraps that
    the next run removes.

    Raises:
        EmbeddedError: Another major version made it, it is no data directory, or initdb failed.
    """
    if data.exists():
        _check_version(data, programs)
        return
    for scrap in data.parent.glob("data.new-*"):
        shutil.rmtree(scrap, ignore_errors=True)
    scratch = Path(tempfile.mkdtemp(prefix="data.new-", dir=data.parent))
    try:
        make_private(scratch, account)
        _initialise(scratch, programs, account, durable=durable)
        scratch.rename(data)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _check_version(data: Path, programs: Programs) -> None:
    try:
        made_by = (data / "PG_VERSION").read_text().strip()
    except FileNotFoundError:
        raise EmbeddedError(
            f"{data} is no PostgreSQL data directory (it has no PG_VERSION). Move it away."
        ) from None
    if made_by != str(programs.major):
        raise EmbeddedError(
            f"The database in {data} was made by PostgreSQL {made_by}, but the programs in "
            f"{programs.directory} are PostgreSQL {programs.version}, which cannot read it. "
            f"Use the old programs (POSTGRES_BIN=/usr/lib/postgresql/{made_by}/bin), take the "
            "data across with their pg_dumpall, or, if they can be made again, remove them: "
            f"rm -r {data}"
        )


def _initialise(data: Path, programs: Programs, account: Account, *, durable: bool) -> None:
    output = ""
    for locale in _locales(programs):
        done = account.run(
            [
                programs.directory / "initdb",
                *("--pgdata", data, "--username", SUPERUSER, "--auth", "trust"),
                *("--encoding", "UTF8", "--no-instructions", *locale),
                *(() if durable else ("--no-sync",)),
            ],
            directory=data.parent,
        )
        if done.returncode == 0:
            return
        output = done.stdout
    raise EmbeddedError(f"initdb could not make a database in {data}:\n{output.strip()}")


def _locales(programs: Programs) -> list[tuple[str, ...]]:
    """Return locales to try: order by code point, letters of all Unicode where they can be had."""
    if programs.major >= 17:
        builtin = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8")
        return [("--locale=C", *builtin)]
    return [("--locale=C.UTF-8",), ("--locale=C",)]
