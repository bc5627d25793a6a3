"""The directories of a cluster, and who may enter them."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from fastgres.embedded.account import Account
from fastgres.embedded.ownership import check_own_directory
from fastgres.embedded.programs import Programs
from fastgres.embedded.server import PORT
from fastgres.errors import EmbeddedError

# For root alone: what the server's account cannot reach, such as a checkout below /root.
_ELSEWHERE: Final = Path("/var/lib/fastgres")
_LONGEST_SOCKET: Final = 103  # bytes in sockaddr_un, less the closing NUL, on the meanest platform


def make_directory(directory: Path) -> Path:
    """Make the directory of a cluster for the user alone; one that exists stays as it is.

    Raises:
        EmbeddedError: One that exists is a link, someone else's, or others can write to it.
    """
    directory = directory.expanduser().absolute()
    directory.parent.mkdir(parents=True, exist_ok=True)
    _make(directory, 0o711 if os.geteuid() == 0 else 0o700)
    check_own_directory(directory)
    _keep_from_git(directory)
    return directory


def _keep_from_git(directory: Path) -> None:
    """Leave a note that none of this belongs into a commit; nobody would think of it."""
    note = directory / ".gitignore"
    if not note.exists():
        note.write_text("*\n", encoding="utf-8")


def find_home(directory: Path) -> Path:
    """Return where data and sockets stand now: in the directory, unless it links elsewhere."""
    link = directory / "elsewhere"
    if not link.is_symlink():
        return directory
    home = link.readlink()
    if home.parent != _ELSEWHERE:
        raise EmbeddedError(f"{link} leads to {home}, not into {_ELSEWHERE}. Remove the link.")
    return home


def choose_home(directory: Path, account: Account) -> Path:
    """Choose where data and sockets stand, so that the account can reach them.

    The user's directories are never opened up for the account: what it cannot enter stays
    closed, and the data go to a directory of their own that `elsewhere` links to. The name is
    new each time, so that a new checkout does not find the data of one deleted.
    """
    home = find_home(directory)
    if home == directory and not account.reaches(directory):
        if (directory / "data").exists():
            raise EmbeddedError(
                f"The account that runs PostgreSQL (user {account.uid}) cannot enter {directory}, "
                "which holds a database. Give it the way (chmod o+x on the directories above), "
                "or remove that directory to begin anew."
            )
        name = re.sub(r"[^\w.-]", "_", "-".join(directory.parts[-3:]), flags=re.ASCII)[-32:]
        home = _ELSEWHERE / f"{name}-{secrets.token_hex(4)}"
        _clear_forgotten()
        (directory / "elsewhere").symlink_to(home)
    if home != directory:
        _make(_ELSEWHERE, 0o755)
        _make(home, 0o711)
        _say_origin(home, directory)
    return home


def make_private(path: Path, account: Account) -> Path:
    """Make a directory that the account alone may enter; refuse one that others made or see.

    Raises:
        EmbeddedError: The directory is a link, someone else's, or open to others.
    """
    path.mkdir(mode=0o700, exist_ok=True)
    found = path.lstat()
    mine = found.st_uid in {account.uid, os.geteuid()}
    if not stat.S_ISDIR(found.st_mode) or not mine or stat.S_IMODE(found.st_mode) & 0o077:
        raise EmbeddedError(
            f"{path} must be a directory of user {account.uid} with mode 0700, but it is of user "
            f"{found.st_uid} with mode {stat.filemode(found.st_mode)}: others could reach the "
            "database through it. Find out who made it, then remove it."
        )
    if found.st_uid != account.uid:
        os.chown(path, account.uid, account.gid, follow_symlinks=False)
    return path


def make_sockets(home: Path, account: Account) -> Path:
    """Make the private directory of the server's socket."""
    return make_private(choose_sockets(home, account), account)


def choose_sockets(home: Path, account: Account) -> Path:
    """Choose the directory of the server's socket, in a place short enough for one."""
    for place in _socket_places(home, account):
        name = os.fsencode(place / f".s.PGSQL.{PORT}.lock")
        # A comma parts the hosts of a URL.
        if len(name) <= _LONGEST_SOCKET and b"," not in name:
            return place
    raise EmbeddedError(
        f"No place for a Unix socket: the paths below {home} and {tempfile.gettempdir()} are "
        f"longer than {_LONGEST_SOCKET} bytes. Set EMBEDDED_DIRECTORY or TMPDIR to a shorter one."
    )


def bring_programs(programs: Programs, account: Account) -> Programs:
    """Return programs that the account can run, copied once if it cannot reach these."""
    if account.is_self or _runs(programs.directory, account):
        return programs
    source = (programs.directory / "postgres").resolve()
    made = source.stat()
    mark = hashlib.sha256(f"{source} {made.st_size} {made.st_mtime_ns}".encode()).hexdigest()[:12]
    target = _ELSEWHERE / f"programs-{programs.version}-{mark}"
    prefix = source.parent.parent
    if not target.exists():
        _make(_ELSEWHERE, 0o755)
        _copy_installation(prefix, target)
    copied = target / prefix.parent.name / prefix.name / "bin"
    if not _runs(copied, account):
        raise EmbeddedError(
            f"User {account.uid} can run PostgreSQL neither from {programs.directory} nor from "
            f"the copy in {copied}. Install PostgreSQL for all users, run as another user than "
            "root, or set DATABASE_URL."
        )
    return Programs(copied, programs.version)


def _say_origin(home: Path, directory: Path) -> None:
    origin = home / "origin"
    if origin.is_symlink() and origin.readlink() != directory:  # the checkout has moved
        origin.unlink()
    if not origin.is_symlink():
        origin.symlink_to(directory)


def _clear_forgotten() -> None:
    """Remove homes whose directory stood in a temporary directory and is gone.

    Those of other directories stay: a disk may be away for a while.
    """
    for origin in _ELSEWHERE.glob("*/origin"):
        with contextlib.suppress(FileNotFoundError):  # another process clears away as well
            link = origin.readlink() / "elsewhere"
            is_linked = link.is_symlink() and link.readlink() == origin.parent
            if link.is_relative_to(tempfile.gettempdir()) and not is_linked:
                shutil.rmtree(origin.parent, ignore_errors=True)


def _socket_places(home: Path, account: Account) -> Iterator[Path]:
    yield home / "run"
    mark = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
    for parent in (tempfile.gettempdir(), "/tmp"):  # noqa: S108 - private below it, and verified
        yield Path(parent) / f"fastgres-{account.uid}-{mark}"


def _make(path: Path, mode: int) -> None:
    """Make a directory with exactly this mode, whatever the umask; leave one that exists."""
    try:
        path.mkdir(parents=True)
    except FileExistsError:
        return
    # By descriptor: who owns the parent could put a link in its place meanwhile.
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.fchmod(descriptor, mode)
    finally:
        os.close(descriptor)


def _runs(directory: Path, account: Account) -> bool:
    try:
        return account.run([directory / "postgres", "--version"]).returncode == 0
    except EmbeddedError:
        return False


def _copy_installation(prefix: Path, target: Path) -> None:
    """Copy bin, lib and share of an installation, and the libraries a wheel has beside it."""
    scratch = Path(tempfile.mkdtemp(prefix=f"{target.name}.", dir=target.parent))
    try:
        copied = scratch / prefix.parent.name / prefix.name
        for name in ("bin", "lib", "share"):
            if (prefix / name).is_dir():
                shutil.copytree(prefix / name, copied / name)
        libraries = prefix.parent.with_name(f"{prefix.parent.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, scratch / libraries.name)
        _open_to_all(scratch)
        scratch.rename(target)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _open_to_all(tree: Path) -> None:
    """Let every account read a copy of programs, as it could read an installation."""
    for path in (tree, *tree.rglob("*")):
        mode = path.stat().st_mode
        path.chmod(0o755 if stat.S_ISDIR(mode) or mode & stat.S_IXUSR else 0o644)
