"""The service of this folder as a process, with its output as events."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ROOT = Path(__file__).parents[2]
PATIENCE = 120
SAFE = {
    "ENVIRONMENT": "production",
    "SECRET_KEY": "0123456789012345678901234567890123456789",
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
    "LOG_FORMAT": "json",
}


class Process:
    """A running service: its port, what it says, and the log it leaves."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self.process = process
        self.port = port
        self.said: list[str] = []

    async def hears(self, word: str) -> int:
        """Wait for a line that begins with a word; return the number after it."""
        async with asyncio.timeout(PATIENCE):
            while True:
                for line in self.said:
                    if line.startswith(word):
                        self.said.remove(line)
                        return int(line.partition(" ")[2] or 0)
                self.said.append(await self._line())

    async def _line(self) -> str:
        assert self.process.stdout is not None
        line = await self.process.stdout.readline()
        assert line, f"the service ended without saying it; its log:\n{await self.log()}"
        return line.decode().strip()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process that was started."""
        self.process.send_signal(number)

    async def ended(self) -> int:
        """Wait for the end; return the exit status."""
        async with asyncio.timeout(PATIENCE):
            return await self.process.wait()

    async def log(self) -> str:
        """Return all of standard error, once the process has ended."""
        assert self.process.stderr is not None
        return (await self.process.stderr.read()).decode()

    async def ask(self, path: str) -> int:
        """Ask on a connection of its own; return the status, 0 when refused or cut off."""
        try:
            return await self._ask(path)
        except (OSError, asyncio.IncompleteReadError):
            return 0

    async def _ask(self, path: str) -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            async with asyncio.timeout(PATIENCE):
                head = await reader.readuntil(b"\r\n\r\n")
            return int(head.split()[1])
        finally:
            writer.close()

    async def until(self, path: str, status: int) -> None:
        """Ask until the answer is this one."""
        async with asyncio.timeout(PATIENCE):
            while await self.ask(path) != status:  # noqa: ASYNC110 - the event is in another process
                await asyncio.sleep(0.02)


@asynccontextmanager
async def running(**settings: object) -> AsyncIterator[Process]:
    """Run `tests/app/service.py` until it answers; what is left of it at the end is killed."""
    port = free_port()
    own = {name.upper(): str(value) for name, value in settings.items()}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-c", "from tests.app.service import main; main()"),
        cwd=ROOT,
        env={**os.environ, **SAFE, **own, "PORT": str(port), "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        service = Process(process, port)
        await service.until("/livez", 200)
        yield service
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port
