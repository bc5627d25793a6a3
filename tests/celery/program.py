"""A relay that dies after it has published: `python -m tests.celery.program`."""

from __future__ import annotations

import asyncio
import os
import signal
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


async def main() -> None:
    """Relay until it dies."""
    database = Database(os.environ["DATABASE_URL"], load_settings(Settings))
    await Relay(database, ALL, Fatal(bound(os.environ["BROKER_URL"]))).run()


if __name__ == "__main__":
    asyncio.run(main())
