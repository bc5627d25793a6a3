"""Payments whose buyer never came back to ask how they ended."""

from typing import cast

from fastgres.idempotency import finish_abandoned
from fastgres.jobs import RunningJob, cron
from shop.core.config import Settings


@cron("* * * * *", queue="payments")
async def finish_payments(job: RunningJob) -> None:
    """Take up what is held by nobody for a minute, so that no order stays with a payment for ever.

    The provider is asked with the key of the first time, so that a charge that was made is found,
    and not made again.
    """
    from shop.main import create_app  # which names the jobs, this one among them

    app = create_app(cast("Settings", job.database.settings), job.database)
    async with app.state.payments:
        await finish_abandoned(app)
