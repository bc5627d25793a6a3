"""A worker process: `python -m chaos.service.worker`, told by its environment what to do."""

from __future__ import annotations

import asyncio
import os
from typing import Any

from chaos.service import arranging, planting, work
from fastgres.db import Database
from fastgres.jobs import Job, Worker
from fastgres.observability import configure_logging
from shop.jobs import payments, receipts
from shop.models import Base

LEASE = 2.0
"""Seconds: short, so that much can happen in a run."""


async def main() -> None:
    """Run the jobs of the queues in CHAOS_QUEUES until a signal stops it."""
    settings = arranging.settings_here()
    configure_logging(settings)
    planting.plant(os.environ.get("CHAOS_PLANTED", ""))
    assert settings.database_url is not None  # noqa: S101 - whoever starts it gives one
    database = Database(settings.database_url.get_secret_value(), settings, metadata=Base.metadata)
    queues = os.environ["CHAOS_QUEUES"].split(",")
    jobs: list[Job[Any]] = [*work.LOCAL.values(), receipts.send_receipt]
    if "payments" in queues:
        jobs.append(payments.finish_payments)
    worker = Worker(
        database, jobs, queues=queues, concurrency=8, lease=LEASE, grace=5.0, watchdog=True
    )
    try:
        await worker.serve()
    finally:
        await database.close()


if __name__ == "__main__":
    asyncio.run(main())
