"""A TCP proxy in front of PostgreSQL that loses, delays, freezes and cuts what it carries."""

from __future__ import annotations

import asyncio
import enum
import socket
import struct
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Final, Self
from urllib.parse import parse_qs, unquote, urlsplit, urlunsplit

from chaos.wire import Backend, Frontend, ends_transaction, is_ready

_CHUNK: Final = 65_536
_RESET: Final = struct.pack("ii", 1, 0)
"""SO_LINGER with no time: closing sends RST instead of FIN."""


class Loss(enum.Enum):
    """What is lost of the next COMMIT: itself, or its answer."""

    COMMIT = "before"
    REPLY = "after"


class Proxy:
    """Carry connections from a TCP port of its own to the server of a database URL.

    It is transparent until told otherwise. Encryption is refused, since it reads what it carries.
    """

    def __init__(self, url: str) -> None:
        self._target = urlsplit(url)
        self._pairs: set[_Pair] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0
        self._lost: asyncio.Future[None] | None = None
        self._spared = 0
        self.flow = asyncio.Event()
        self.flow.set()
        self.delay = 0.0
        """Seconds that every piece waits, in both directions."""
        self.loss: Loss | None = None
        self.commits = 0
        """How many COMMITs were seen."""

    def url(self, database: str | None = None) -> str:
        """Return the URL of the same database, or of another one, through the proxy."""
        user = self._target.username or ""
        password = f":{self._target.password}" if self._target.password else ""
        path = self._target.path if database is None else f"/{database}"
        place = f"{user}{password}@127.0.0.1:{self.port}"
        return urlunsplit(("postgresql", place, path, "", ""))

    def lose_next(self, loss: Loss, *, spared: int = 0) -> asyncio.Future[None]:
        """Lose the next COMMIT that anybody sends, or its answer; done when it has happened.

        `spared`: how many COMMITs come through before it.
        """
        self.loss, self._spared = loss, spared
        self._lost = asyncio.get_running_loop().create_future()
        return self._lost

    def take_loss(self) -> Loss | None:
        """Return what the COMMIT at hand loses; the next one loses nothing."""
        if self._spared > 0:
            self._spared -= 1
            return None
        loss, self.loss = self.loss, None
        return loss

    def report_loss(self) -> None:
        """Tell whoever asked that it has happened."""
        if self._lost is not None and not self._lost.done():
            self._lost.set_result(None)

    def freeze(self) -> None:
        """Carry nothing in either direction; the kernel still acknowledges what arrives."""
        self.flow.clear()

    def thaw(self) -> None:
        """Carry on with what has arrived meanwhile."""
        self.flow.set()

    def reset(self) -> None:
        """End every connection by RST on both sides."""
        for pair in list(self._pairs):
            pair.reset()

    async def refuse(self) -> None:
        """Take no new connections: they are refused by the kernel."""
        self._server.close()
        await asyncio.sleep(0)

    async def accept(self) -> None:
        """Take connections, on the same port as before."""
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def __aenter__(self) -> Self:
        await self.accept()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.close()
        await asyncio.sleep(0.01)  # a connection that was just accepted comes with a task later
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a callback of start_server runs in a task
        self._tasks.add(task)
        try:
            far = await self._connect()
        except OSError:
            _reset(writer)
            return
        finally:
            self._tasks.discard(task)
        pair = _Pair(self, (reader, writer), far)
        self._pairs.add(pair)
        for pump in (pair.forth(), pair.back()):
            running = asyncio.create_task(pump)
            self._tasks.add(running)
            running.add_done_callback(self._tasks.discard)
            running.add_done_callback(lambda _: self._pairs.discard(pair))

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        directory = unquote(parse_qs(self._target.query).get("host", [""])[0])
        port = self._target.port or 5432
        if directory.startswith("/"):
            return await asyncio.open_unix_connection(f"{directory}/.s.PGSQL.{port}")
        return await asyncio.open_connection(self._target.hostname or directory, port)


class _Pair:
    """One client and its connection to the server."""

    def __init__(
        self,
        proxy: Proxy,
        near: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        far: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        self._proxy = proxy
        self._near, self._client = near
        self._far, self._server = far
        self._frontend, self._backend = Frontend(), Backend()
        self._mute = False
        self._ended = False

    def reset(self) -> None:
        """Cut both sides."""
        _reset(self._client)
        _reset(self._server)

    async def forth(self) -> None:
        """Carry what the client sends."""
        await self._pump(self._near, self._forward)

    async def back(self) -> None:
        """Carry what the server sends."""
        await self._pump(self._far, self._return)

    async def _pump(
        self, source: asyncio.StreamReader, carry: Callable[[bytes], Awaitable[bool]]
    ) -> None:
        try:
            while data := await source.read(_CHUNK):
                if self._proxy.delay:
                    await asyncio.sleep(self._proxy.delay)
                await self._proxy.flow.wait()
                if not await carry(data):
                    break
        except OSError:
            pass  # one side is gone, and the other follows
        finally:
            self.reset()

    async def _forward(self, data: bytes) -> bool:
        if self._server.is_closing():
            return False
        for message in self._frontend.feed(data):
            if message.asks_encryption:
                self._client.write(b"N")
                continue
            if message.commits:
                self._proxy.commits += 1
                loss = self._proxy.take_loss()
                if loss is Loss.COMMIT:
                    self._proxy.report_loss()
                    return False
                self._mute = self._mute or loss is Loss.REPLY
            self._server.write(message.raw)
        await self._server.drain()
        return True

    async def _return(self, data: bytes) -> bool:
        if self._client.is_closing():
            return False
        for message in self._backend.feed(data):
            self._ended = self._ended or (self._mute and ends_transaction(message))
            if self._ended and is_ready(message):
                self._proxy.report_loss()
                return False
            if not self._ended:
                self._client.write(message.raw)
        await self._client.drain()
        return True


def _reset(writer: asyncio.StreamWriter) -> None:
    peer = writer.get_extra_info("socket")
    if peer is not None and peer.family in (socket.AF_INET, socket.AF_INET6) and peer.fileno() >= 0:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    writer.transport.abort()
