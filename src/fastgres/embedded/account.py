"""The account that PostgreSQL runs as: the user's own, or a lesser one when the user is root."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fastgres.errors import EmbeddedError

# `postgres` refuses to run as root. `initdb` wants an entry in the password file.
_SERVICE_ACCOUNTS: Final = ("postgres", "nobody")


@dataclass(frozen=True, slots=True)
class Account:
    """Who runs the server: user id and group id of this process, or those to change to."""

    uid: int
    gid: int

    @property
    def is_self(self) -> bool:
        """Whether this process already runs as the account."""
        return self.uid == os.geteuid()

    def run(
        self, arguments: Sequence[str | Path], *, directory: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a program as the account to its end; output and error text come as one string.

        Raises:
            EmbeddedError: The program cannot be started as this account at all.
        """
        user = None if self.is_self else self.uid
        group = None if self.is_self else self.gid
        try:
            return subprocess.run(  # noqa: S603 - our arguments, and no shell reads them
                [str(argument) for argument in arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                check=False,
                encoding="utf-8",
                errors="replace",
                env=environment(),
                cwd=directory or "/",
                user=user,
                group=group,
                extra_groups=None if self.is_self else (),
            )
        except OSError as error:
            raise EmbeddedError(
                f"Cannot run {arguments[0]} as user {self.uid}: {error}."
            ) from error

    def reaches(self, directory: Path) -> bool:
        """Whether the account can enter the directory, tried rather than worked out."""
        if self.is_self:
            return os.access(directory, os.X_OK)
        return self.run(["/bin/sh", "-c", 'cd -- "$1"', "sh", directory]).returncode == 0


def choose_account(owner_of: Path) -> Account:
    """Choose who runs the server; the owner of an existing data directory stays its owner.

    Raises:
        EmbeddedError: The data belongs to someone else, or root has no account to change to.
    """
    owner = owner_of.stat().st_uid if owner_of.exists() else None
    if os.geteuid() != 0:
        if owner not in (None, os.geteuid()):
            raise EmbeddedError(
                f"The database in {owner_of} belongs to user {owner}, you are user "
                f"{os.geteuid()}. Run as that user, or give your own another directory: "
                "EMBEDDED_DIRECTORY=.fastgres/mine."
            )
        return Account(os.geteuid(), os.getegid())
    return _service_account() if owner in (None, 0) else _account_of(owner)


def environment() -> dict[str, str]:
    """Return this process's environment without what would bend PostgreSQL or Python."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PG", "LC_", "PYTHON")) or name == "PYTHONHOME"
    }
    return {**kept, "LC_ALL": "C"}


def _service_account() -> Account:
    import pwd

    for name in _SERVICE_ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise EmbeddedError(
        "PostgreSQL refuses to run as root, and this machine has none of the accounts "
        f"{', '.join(_SERVICE_ACCOUNTS)} to run it as instead. Add one "
        "(useradd --system postgres), run as another user, or set DATABASE_URL."
    )


def _account_of(uid: int) -> Account:
    import pwd

    try:
        return Account(uid, pwd.getpwuid(uid).pw_gid)
    except KeyError:
        return Account(uid, uid)
