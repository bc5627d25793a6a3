"""The users' side of the keeper: is there one, hire one, wait for its server."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from fastgres.embedded.account import choose_account, environment
from fastgres.embedded.data import make_data
from fastgres.embedded.locks import FileLock, pause
from fastgres.embedded.places import bring_programs, choose_home, find_home, make_sockets
from fastgres.embedded.programs import find_programs
from fastgres.embedded.server import Server
from fastgres.errors import EmbeddedError

_TAIL: Final = 15  # lines of the log that an error shows


def is_kept(keeper: FileLock) -> bool:
    """Whether a keeper is in office, by trying its lock."""
    if keeper.try_shared():
        keeper.unlock()
        return False
    return True


def find_or_start(
    directory: Path, *, programs: Path | None, durable: bool, deadline: float
) -> Server:
    """Return the server of a directory once it takes connections, started if need be.

    The caller holds the lease. A keeper that was about to leave when we found it is replaced;
    one that we hired and that failed is an error.
    """
    hired = False
    while not hired:
        start = FileLock(directory / "start")
        keeper = FileLock(directory / "keeper")
        try:
            start.wait_alone(deadline)
            if not is_kept(keeper):
                _hire(_make_server(directory, programs, durable=durable))
                hired = True
            start.close()
            server = _wait_until_ready(keeper, deadline)
        finally:
            start.close()
            keeper.close()
        if server:
            return server
    raise EmbeddedError(f"The embedded PostgreSQL did not start.{log_tail(directory)}")


def log_tail(directory: Path) -> str:
    """Return the end of the server's log, as a paragraph for an error."""
    log = directory / "server.log"
    try:
        lines = log.read_text(errors="replace").splitlines()[-_TAIL:]
    except OSError:
        return f" There is no log in {log}."
    return "\n".join([f" The end of {log}:", *lines])


def _make_server(directory: Path, preferred: Path | None, *, durable: bool) -> Server:
    found = find_programs(preferred)
    account = choose_account(find_home(directory) / "data")
    programs = bring_programs(found, account)
    home = choose_home(directory, account)
    make_data(home / "data", programs, account, durable=durable)
    return Server(
        directory=directory,
        data=home / "data",
        sockets=make_sockets(home, account),
        programs=programs.directory,
        version=programs.version,
        account=account,
        durable=durable,
    )


def _hire(server: Server) -> None:
    """Start a keeper that outlives us, in a session that our Ctrl-C does not reach."""
    log = server.directory / "server.log"
    if log.exists():
        log.replace(log.with_name("server.log.1"))
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o600)
    source = Path(__file__).resolve().parents[2]
    try:
        # -S, without site-packages: the standard library is enough, and the start is faster.
        subprocess.run(  # noqa: S603 - this Python and our own module
            [sys.executable, "-S", "-P", "-m", "fastgres.embedded.keeper", server.to_json()],
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=descriptor,
            env={**environment(), "PYTHONPATH": str(source)},
            cwd="/",
            start_new_session=True,
        )
    finally:
        os.close(descriptor)


def _wait_until_ready(keeper: FileLock, deadline: float) -> Server | None:
    """Return the keeper's server when it takes connections; None when the keeper has left."""
    while is_kept(keeper):
        server = _read(keeper)
        if server and server.is_ready:
            return server
        if not keeper.is_in_place:
            return None
        pause(deadline, f"it takes no connections.{log_tail(keeper.path.parent)}")
    return None


def _read(keeper: FileLock) -> Server | None:
    try:
        return Server.from_json(keeper.read())
    except (OSError, ValueError, KeyError, TypeError):
        return None
