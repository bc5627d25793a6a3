"""The programs of one queue: those that do one thing, and its workers."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final, Self

from bench.errors import BenchError
from bench.jobs.roster import Contestant
from bench.places import LOGS, ROOT

_PATIENCE: Final = 60.0
_KEPT: Final = ("PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH")


class Programs:
    """Starts what a queue is asked to do, each as a session of processes that ends as one."""

    def __init__(self, contestant: Contestant, url: str, redis_url: str) -> None:
        self.contestant = contestant
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        found = {"DATABASE_URL": url, "REDIS_URL": redis_url, "LOG_LEVEL": "ERROR"}
        self._environment: Mapping[str, str] = {**kept, **found}

    async def run(self, *words: str) -> str:
        """Let it do one thing, and return what it printed."""
        async with self._started(*words) as process:
            said, _ = await process.communicate()
        if process.returncode:
            raise BenchError(
                f"{self.contestant.title} failed to {words[0]}; {self._log()} says why."
            )
        return said.decode()

    @asynccontextmanager
    async def workers(self, number: int) -> AsyncIterator[Workers]:
        """Keep so many workers for as long as the block."""
        each = number if self.contestant.name != "celery" else 1
        words = ("work", str(number // each))
        async with contextlib.AsyncExitStack() as stack:
            processes = [
                await stack.enter_async_context(self._started(*words)) for _ in range(each)
            ]
            yield await stack.enter_async_context(Workers(processes, number, self._log()))

    @asynccontextmanager
    async def _started(self, *words: str) -> AsyncIterator[Process]:
        LOGS.mkdir(parents=True, exist_ok=True)
        with open(self._log(), "ab") as log:  # noqa: ASYNC230, PTH123 - a file for the process
            process = await asyncio.create_subprocess_exec(
                *(*self.contestant.command, *words),
                cwd=ROOT,
                env=self._environment,
                stdin=DEVNULL,
                stdout=PIPE,
                stderr=log,
                start_new_session=True,
            )
        try:
            yield process
        finally:
            send(process, signal.SIGKILL)
            await process.wait()

    def _log(self) -> str:
        return str(LOGS / f"jobs-{self.contestant.name}.log")


class Workers:
    """Running workers, and what they print."""

    def __init__(self, processes: list[Process], number: int, log: str) -> None:
        self._processes = processes
        self._number = number
        self._log = log
        self._waited: asyncio.Queue[float] = asyncio.Queue()
        self._ready = 0

    async def __aenter__(self) -> Self:
        self._readers = [asyncio.create_task(self._read(each)) for each in self._processes]
        return self

    async def __aexit__(self, *_: object) -> None:
        for reader in self._readers:
            reader.cancel()

    @property
    def are_ready(self) -> bool:
        """Whether each has begun a job."""
        return self._ready >= self._number

    def hold(self) -> None:
        """Stop them where they stand, so that a queue can be filled."""
        for process in self._processes:
            send(process, signal.SIGSTOP)

    def release(self) -> None:
        """Let them go on."""
        for process in self._processes:
            send(process, signal.SIGCONT)

    async def delays(self, number: int) -> list[float]:
        """Return the next delays that their jobs print, in milliseconds."""
        try:
            async with asyncio.timeout(_PATIENCE):
                return [await self._waited.get() for _ in range(number)]
        except TimeoutError as error:
            raise BenchError(f"Jobs did not run; {self._log} may say why.") from error

    async def _read(self, process: Process) -> None:
        if process.stdout is None:
            return
        async for line in process.stdout:
            match line.split():
                case [b"ready"]:
                    self._ready += 1
                case [b"waited", delay]:
                    self._waited.put_nowait(float(delay))
                case _:
                    """A banner of its own."""


def send(process: Process, number: signal.Signals) -> None:
    """Send a signal to a program and all that it has started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)
