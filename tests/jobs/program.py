"""A worker process for the tests: `python -m tests.jobs.program <url> <lease>`."""

from __future__ import annotations

import asyncio
import sys

from fastgres.db import Database
from fastgres.jobs import Worker
from fastgres.observability import configure_logging
from fastgres.settings import Settings, load_settings
from tests.jobs.workshop import ALL


async def main(url: str, lease: float) -> None:
    """Serve until a signal comes."""
    settings = load_settings(Settings, environment="test", log_format="json", log_level="INFO")
    configure_logging(settings)
    database = Database(url, settings)
    worker = Worker(database, ALL, concurrency=5, lease=lease, poll=0.2, grace=3.0, watchdog=True)
    try:
        await worker.serve()
    finally:
        await database.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], float(sys.argv[2])))
