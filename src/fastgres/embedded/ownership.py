"""Whose files may be believed: those that nobody but root and this user could have written."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from fastgres.errors import EmbeddedError


def check_own_directory(path: Path) -> None:
    """Refuse a directory through which someone else could make us run programs of his.

    Raises:
        EmbeddedError: It is a link or no directory, someone else's, or others can write to it.
    """
    found = path.lstat()
    if stat.S_ISLNK(found.st_mode):
        raise EmbeddedError(
            f"{path} is a link to {path.readlink()}; whoever made it chooses what is run from "
            "there. Remove it, and set EMBEDDED_DIRECTORY to the place that you mean."
        )
    if not stat.S_ISDIR(found.st_mode):
        raise EmbeddedError(
            f"{path} is no directory ({stat.filemode(found.st_mode)}), so it cannot hold the "
            "embedded PostgreSQL. Move it away, or set EMBEDDED_DIRECTORY to another place."
        )
    _check_writers(path, found)


def check_own_file(path: Path, found: os.stat_result) -> None:
    """Refuse an open file, with this status, that someone else could have written.

    Raises:
        EmbeddedError: It is no plain file, someone else's, or others can write to it.
    """
    if not stat.S_ISREG(found.st_mode):
        raise EmbeddedError(
            f"{path} is no plain file ({stat.filemode(found.st_mode)}), and the embedded "
            "PostgreSQL is found by what it says. Find out who made it, then remove it."
        )
    _check_writers(path, found)


def _check_writers(path: Path, found: os.stat_result) -> None:
    mine = os.geteuid()
    if found.st_uid not in {0, mine}:
        raise EmbeddedError(
            f"{path} belongs to user {found.st_uid} and you are user {mine}: its owner chooses "
            "the programs that would be run as you. Run as its owner, or give your own another "
            "directory: EMBEDDED_DIRECTORY=.fastgres/mine. If you do not know it, remove it."
        )
    if stat.S_IMODE(found.st_mode) & 0o022:
        raise EmbeddedError(
            f"{path} has mode {stat.filemode(found.st_mode)}: others can write there, and so "
            "choose the programs that would be run as you. Make sure that all in it is yours, "
            f"then: chmod go-w '{path}'"
        )
