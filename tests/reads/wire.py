"""What PostgreSQL is told, overheard on the wire, where no driver or pool can hide anything."""

from __future__ import annotations

import struct
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from fastgres.db import Database
from tests.relay import Relay

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator, Iterator

    from fastgres.settings import Settings


class Ear:
    """Stand in for the way to the server, and note the SQL of every statement that is run."""

    def __init__(self, writer: asyncio.StreamWriter, said: list[str]) -> None:
        self._writer = writer
        self._said = said
        self._heard = b""
        self._prepared: dict[bytes, str] = {}
        self._typed = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._writer, name)

    def write(self, data: bytes) -> None:
        """Listen, and pass it on."""
        self._heard += data
        for kind, body in self._messages():
            if kind == b"Q":
                self._said.append(body.split(b"\0")[0].decode())
            elif kind == b"P":
                name, sql, _ = body.split(b"\0", 2)
                self._prepared[name] = sql.decode()
            elif kind == b"B":
                self._said.append(self._prepared[body.split(b"\0", 2)[1]])
        self._writer.write(data)

    def _messages(self) -> Iterator[tuple[bytes, bytes]]:
        """Cut what was heard into messages; the very first one has no letter in front."""
        while len(self._heard) >= 5:
            start = 1 if self._typed else 0
            (length,) = struct.unpack_from("!i", self._heard, start)
            if len(self._heard) < start + length:
                return
            message, self._heard = self._heard[: start + length], self._heard[start + length :]
            if self._typed:
                yield message[:1], message[5:]
            self._typed = True


class Eavesdropper(Relay):
    """A relay that listens."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.said: list[str] = []

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await super()._connect()
        ear: Any = Ear(writer, self.said)
        return reader, ear


@asynccontextmanager
async def overheard(url: str, settings: Settings) -> AsyncIterator[tuple[Database, list[str]]]:
    """Give a database, and the list of the statements that it sends from now on."""
    async with Eavesdropper(url) as relay:
        database = Database(relay.url, settings)
        try:
            yield database, relay.said
        finally:
            await database.close()
