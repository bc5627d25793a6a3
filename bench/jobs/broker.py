"""The Redis of the queues that live there."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import subprocess
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from tempfile import TemporaryDirectory
from typing import Final

from redis.asyncio import Redis
from redis.exceptions import ConnectionError as NotThereError

from bench.errors import BenchError
from bench.server import free_port

_PATIENCE: Final = 10.0
MISSING: Final = (
    "`redis-server` is not installed, so SAQ on Redis and Celery were left out: "
    "apt install redis-server, brew install redis."
)


def program() -> str | None:
    """Return where the program is; None where it is not installed."""
    return shutil.which("redis-server")


def version() -> str:
    """Return its version, "" where there is none."""
    found = program()
    if found is None:
        return ""
    said = subprocess.run([found, "--version"], check=False, capture_output=True, text=True)  # noqa: S603 - the program we found
    return next((word[2:] for word in said.stdout.split() if word.startswith("v=")), "")


@asynccontextmanager
async def running() -> AsyncIterator[str]:
    """Run a Redis as it is configured out of the box, in an empty folder; return its URL."""
    found = program()
    if found is None:
        raise BenchError(MISSING)
    port = free_port()
    with TemporaryDirectory(prefix="fastgres-bench-") as folder:
        process = await asyncio.create_subprocess_exec(
            *(found, "--port", str(port), "--bind", "127.0.0.1", "--dir", folder),
            stdin=DEVNULL,
            stdout=DEVNULL,
            stderr=DEVNULL,
            start_new_session=True,
        )
        try:
            url = f"redis://127.0.0.1:{port}/0"
            await _answers(url)
            yield url
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def _answers(url: str) -> None:
    async with asyncio.timeout(_PATIENCE), Redis.from_url(url) as client:
        while True:
            with contextlib.suppress(NotThereError):
                await client.ping()
                return
            await asyncio.sleep(0.05)
