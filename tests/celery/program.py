"""A relay that dies after it has published: `python -m tests.celery.program <url> <broker>`."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Sequence

from fastgres.celery.publisher import CeleryPublisher
from fastgres.db import Database
from fastgres.jobs import Message, Relay
from fastgres.settings import Settings, load_settings
from tests.celery.works import ALL, bound


class Fatal(CeleryPublisher):
    """Publishes, and does not live to tell."""

    async def publish(self, messages: Sequence[Message]) -> set[int]:
        """Publish and die."""
        assert len(await super().publish(messages)) == len(messages)
        os.kill(os.getpid(), signal.SIGKILL)
        return set()


async def main(url: str, broker: str) -> None:
    """Relay until it dies."""
    database = Database(url, load_settings(Settings, environment="test"))
    await Relay(database, ALL, Fatal(bound(broker))).run()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
