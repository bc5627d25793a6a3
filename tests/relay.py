"""A TCP relay in front of PostgreSQL that can freeze or cut what it carries."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self
from urllib.parse import parse_qs, unquote, urlsplit, urlunsplit

if TYPE_CHECKING:
    from types import TracebackType


_READY = b"Z\0\0\0\5I"
"""How a server says that it waits for a statement."""


class Relay:
    """Carry connections from a TCP port of its own to the server of a database URL."""

    def __init__(self, url: str) -> None:
        self._target = urlsplit(url)
        self._pairs: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._open = asyncio.Event()
        self._open.set()
        self.freeze_once_ready = False
        """Freeze when the server has said for the first time that it is ready."""
        self.refusing = False
        """Hang up on who connects, as where no server is."""

    @property
    def url(self) -> str:
        """The URL of the same database through the relay."""
        port = self._server.sockets[0].getsockname()[1]
        user = self._target.username or "fastgres"
        password = f":{self._target.password}" if self._target.password else ""
        netloc = f"{user}{password}@127.0.0.1:{port}"
        return urlunsplit(("postgresql", netloc, self._target.path, "ssl=disable", ""))

    def freeze(self) -> None:
        """Carry nothing more in either direction, and keep the connections."""
        self._open.clear()

    def thaw(self) -> None:
        """Carry on."""
        self._open.set()

    def cut(self) -> None:
        """Reset every connection."""
        for writer in list(self._pairs):
            writer.transport.abort()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self,
        type_: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.close()
        await asyncio.sleep(0.01)  # a connection that was just accepted comes with a task later
        while self._tasks:
            tasks = list(self._tasks)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.sleep(0)
        self.cut()
        await asyncio.sleep(0)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.refusing:
            writer.transport.abort()
            return
        self._keep(asyncio.current_task())
        self._pairs.add(writer)
        upstream_reader, upstream_writer = await self._connect()
        self._pairs.add(upstream_writer)
        for source, sink in ((reader, upstream_writer), (upstream_reader, writer)):
            self._keep(asyncio.create_task(self._pump(source, sink)))

    def _keep(self, task: asyncio.Task[None] | None) -> None:
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        directory = parse_qs(self._target.query).get("host", [""])[0]
        port = self._target.port or 5432
        if directory.startswith("/"):
            return await asyncio.open_unix_connection(f"{unquote(directory)}/.s.PGSQL.{port}")
        return await asyncio.open_connection(self._target.hostname or directory, port)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(65_536):
                await self._open.wait()
                sink.write(data)
                await sink.drain()
                if self.freeze_once_ready and data.endswith(_READY):
                    self.freeze()
        except OSError:
            pass
        finally:
            sink.transport.abort()
            self._pairs.discard(sink)
