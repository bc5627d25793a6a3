"""A lease on a project's own PostgreSQL."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from urllib.parse import quote

from fastgres.embedded.account import choose_account, environment
from fastgres.embedded.locks import FileLock, pause
from fastgres.embedded.office import find_or_start, is_kept
from fastgres.embedded.places import choose_sockets, find_home, make_directory
from fastgres.embedded.programs import require_unix
from fastgres.embedded.server import PORT, SUPERUSER, Server
from fastgres.embedded.sql import CREATE_DATABASE_ONCE
from fastgres.errors import EmbeddedError

_START_PATIENCE: Final = 60.0
_STOP_PATIENCE: Final = 40.0
_LONGEST_NAME: Final = 63


class Cluster:
    """A lease on a running PostgreSQL; the server lives as long as any process holds one.

    The lease ends with `release()`, with the process however it dies, and is not inherited by
    forked children. `version` is the server's ("18.6"), `programs` the directory of its psql.

    ```python
    from pathlib import Path
    from fastgres.embedded import Cluster, acquire

    def prepare(directory: Path) -> Cluster:
        cluster = acquire(directory)
        cluster.ensure_database("shop")
        return cluster

    assert prepare.__annotations__["return"] in (Cluster, "Cluster")
    ```
    """

    def __init__(self, server: Server, lease: FileLock) -> None:
        self.directory = server.directory
        self.programs = server.programs
        self.version = server.version
        self._sockets = server.sockets
        self._lease = lease
        self._keeper = FileLock(server.directory / "keeper")

    def url(self, database: str = "postgres") -> str:
        """Return a URL for the superuser `fastgres`, as libpq, asyncpg and SQLAlchemy read it.

        The port is in it because PGPORT would otherwise lead to a socket of another name.
        """
        return _url(self._sockets, database)

    def ensure_database(self, name: str) -> None:
        """Make a database unless it exists; any number of processes may ask at once.

        Raises:
            EmbeddedError: The name is empty, longer than 63 bytes or has a NUL, or psql failed.
        """
        if not 0 < len(name.encode()) <= _LONGEST_NAME or "\0" in name:
            raise EmbeddedError(
                f"{name!r} cannot name a database: 1 to {_LONGEST_NAME} bytes without NUL can."
            )
        done = subprocess.run(  # noqa: S603 - psql we found; the name goes as its own argument
            [
                *(self.programs / "psql", "--no-psqlrc", "--quiet", "--no-password"),
                *("--variable", "ON_ERROR_STOP=1", "--variable", f"name={name}"),
                *("--host", self._sockets, "--port", str(PORT)),
                *("--username", SUPERUSER, "--dbname", "postgres", "--file", "-"),
            ],
            check=False,
            input=CREATE_DATABASE_ONCE,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            env={**environment(), "PGCLIENTENCODING": "UTF8"},
        )
        if done.returncode != 0:
            raise EmbeddedError(f"Cannot make the database {name!r}: {done.stderr.strip()}")

    def release(self, wait: bool = True) -> None:  # noqa: FBT001, FBT002 - the agreed signature
        """Give the lease back; a second call does nothing.

        With `wait`, and when no other process holds a lease, return when the server has stopped
        (after 40 seconds at the latest).
        """
        self._lease.close()
        deadline = time.monotonic() + _STOP_PATIENCE
        while wait and self._keeper.is_open and is_kept(self._keeper) and not self._is_shared():
            if time.monotonic() > deadline:
                break
            time.sleep(0.02)
        self._keeper.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()

    def _is_shared(self) -> bool:
        """Whether others certainly hold leases; one asks at a time, as askers look like holders."""
        try:
            start = FileLock(self.directory / "start")
            lease = FileLock(self.directory / "lease")
        except (FileNotFoundError, EmbeddedError):
            return False  # the directory was removed or replaced: the keeper ends by itself
        try:
            return start.try_alone() and not lease.try_alone() and lease.try_shared()
        finally:
            start.close()
            lease.close()


def find_url(directory: Path, database: str = "postgres") -> str:
    """Return the URL of `Cluster.url` without a lease: nothing is made, and nothing started.

    Connections are taken there while anybody holds a lease.

    Raises:
        EmbeddedError: There is no PostgreSQL in the directory yet.

    ```python
    from pathlib import Path
    import pytest
    from fastgres.embedded import find_url
    from fastgres.errors import EmbeddedError

    with pytest.raises(EmbeddedError, match="no PostgreSQL in /nowhere yet"):
        find_url(Path("/nowhere"))
    ```
    """
    directory = directory.expanduser().absolute()
    home = find_home(directory)
    data = home / "data"
    if not data.exists():
        raise EmbeddedError(
            f"There is no PostgreSQL in {directory} yet, so it has no address: `fastgres db "
            "upgrade` makes it, and so does the service when it starts."
        )
    return _url(choose_sockets(home, choose_account(data)), database)


def _url(sockets: Path, database: str) -> str:
    host = quote(os.fsencode(sockets), safe="/")
    return f"postgresql://{SUPERUSER}@/{quote(database, safe='')}?host={host}&port={PORT}"


def acquire(directory: Path, *, programs: Path | None = None, durable: bool = True) -> Cluster:
    """Lease the PostgreSQL of a directory: made on first use, started on demand, shared.

    Blocks until connections are accepted (use `asyncio.to_thread` in async code): about a second
    the first time, a few tenths later, next to nothing when it runs. `programs` is a directory
    to prefer (see `find_programs`). `durable=False` trades safety against a crash of the machine
    for speed; it is for tests.

    Raises:
        EmbeddedError: It cannot be made or started; the message has the end of the log.
        ProgramsNotFoundError: This machine has no PostgreSQL programs.

    ```python
    import asyncio
    from pathlib import Path
    from fastgres.embedded import acquire

    cluster = await asyncio.to_thread(acquire, Path(".fastgres/example"), durable=False)
    cluster.ensure_database("shop")
    assert cluster.url("shop").startswith("postgresql://fastgres@/shop?host=/")
    await asyncio.to_thread(cluster.release)
    ```
    """
    require_unix()
    deadline = time.monotonic() + _START_PATIENCE
    try:
        directory = make_directory(directory)
        lease = _take_lease(directory, deadline)
        try:
            server = find_or_start(directory, programs=programs, durable=durable, deadline=deadline)
            _check_durability(server, durable=durable)
            return Cluster(server, lease)
        except BaseException:
            lease.close()
            raise
    except OSError as error:
        raise EmbeddedError(
            f"The embedded PostgreSQL in {directory} cannot be used: {error}. Check who owns the "
            "directory and the space on its disk, or set EMBEDDED_DIRECTORY to another."
        ) from error


def _take_lease(directory: Path, deadline: float) -> FileLock:
    """Hold the lease shared; wait while a keeper that found it free stops its server."""
    while True:
        lease = FileLock(directory / "lease")
        try:
            while not lease.try_shared():
                pause(deadline, f"the one before is still stopping in {directory}")
            if lease.is_in_place:
                return lease
        except BaseException:
            lease.close()
            raise
        lease.close()


def _check_durability(server: Server, *, durable: bool) -> None:
    if durable and not server.durable:
        raise EmbeddedError(
            f"The PostgreSQL in {server.directory} runs with fsync off for tests, so it cannot "
            "keep data safe. Use another directory, or wait until its users have ended."
        )
