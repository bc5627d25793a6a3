"""The PostgreSQL that is broken: killed, frozen, cut off, and brought back."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import asyncpg

from chaos import sql
from chaos.errors import ChaosError
from chaos.processes import children_of
from fastgres.embedded import Cluster, acquire

_PATIENCE: Final = 60.0
TEMPLATE: Final = "chaos_template"
_GONE: Final = (
    OSError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
)


class Postgres:
    """A server of its own, with the processes that it consists of.

    Its data survive a crash of its processes (fsync is on), as in production.
    """

    def __init__(self, cluster: Cluster, data: Path) -> None:
        self.cluster = cluster
        self.data = data

    @property
    def postmaster(self) -> int:
        """The process that is the parent of all others."""
        return int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])

    def processes(self) -> list[int]:
        """Return all of its processes, the parent first."""
        parent = self.postmaster
        return [parent, *children_of(parent)]

    def kill(self) -> None:
        """Kill the parent; the others end when they notice, and the keeper starts a new one."""
        os.kill(self.postmaster, signal.SIGKILL)

    def freeze(self) -> list[int]:
        """Stop all processes where they stand; return which."""
        os.kill(self.postmaster, signal.SIGSTOP)  # first, so that it makes no more of them
        frozen = self.processes()
        for pid in frozen[1:]:
            os.kill(pid, signal.SIGSTOP)
        return frozen

    @staticmethod
    def thaw(frozen: list[int]) -> None:
        """Let processes go on."""
        for pid in frozen:
            try:
                os.kill(pid, signal.SIGCONT)
            except ProcessLookupError:
                continue

    async def wait(self, database: str) -> float:
        """Return the moment (monotonic) at which a query is answered again."""
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                connection = await asyncpg.connect(self.cluster.url(database), timeout=2)
                await connection.execute("SELECT 1")
                await connection.close()
                return time.monotonic()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
                if time.monotonic() > deadline:
                    raise ChaosError(f"PostgreSQL did not come back: {error!r}") from error
                await asyncio.sleep(0.02)

    async def fresh(self, name: str) -> str:
        """Make a database from the template, anew; return its URL."""
        await self.run("postgres", sql.DROP.format(name=name))
        await self.run("postgres", sql.CREATE.format(name=name, template=TEMPLATE))
        return self.cluster.url(name)

    async def run(self, database: str, statement: str, *arguments: object) -> list[Any]:
        """Run one statement beside every fault; return its rows."""
        connection = await asyncpg.connect(self.cluster.url(database), timeout=_PATIENCE)
        try:
            if statement.startswith(("CREATE", "DROP")):  # several at once go unprepared only
                await connection.execute(statement)
                return []
            rows: list[Any] = await connection.fetch(statement, *arguments)
            return rows
        finally:
            await connection.close()


class Line:
    """A connection beside every fault, for what is asked again and again; renewed when it broke."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._turn = asyncio.Lock()
        self._connection: asyncpg.Connection | None = None

    async def ask(self, statement: str, *arguments: object) -> list[Any]:
        """Run one statement, once more on a new connection if this one is gone; return its rows."""
        async with self._turn:
            try:
                return await self._ask(statement, *arguments)
            except _GONE:
                self.close()
                return await self._ask(statement, *arguments)

    async def _ask(self, statement: str, *arguments: object) -> list[Any]:
        if self._connection is None or self._connection.is_closed():
            self._connection = await asyncpg.connect(self._url, timeout=_PATIENCE)
        rows: list[Any] = await self._connection.fetch(statement, *arguments)
        return rows

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None


@contextmanager
def running(directory: Path) -> Iterator[Postgres]:
    """Keep a durable server of our own in a directory."""
    with acquire(directory) as cluster, ThreadPoolExecutor(1) as beside:
        # In a thread of its own, for the caller may have a loop that runs.
        data = beside.submit(asyncio.run, _data_directory(cluster.url())).result()
        yield Postgres(cluster, data)


async def _data_directory(url: str) -> Path:
    connection = await asyncpg.connect(url)
    try:
        return Path(await connection.fetchval(sql.DATA_DIRECTORY))
    finally:
        await connection.close()
