"""The receipt that every order gets by mail."""

from pathlib import Path
from uuid import UUID

from fastgres.jobs import RunningJob, exponential, job
from fastgres.mail import Letters, Mailer
from shop.repositories.order import OrderRepository

LETTERS = Letters(Path(__file__).parent / "letters")
LETTERS.environment.filters["money"] = "{:.2f} €".format


@job(queue="mail", retries=30, backoff=exponential(first=5, most=3600), timeout=60)
async def send_receipt(job: RunningJob, order_id: UUID) -> None:
    """Send the receipt of an order; a day without a mail server delays it, and no more.

    A worker that dies after the server has taken the letter leaves a job that runs again. The
    second copy has the Message-ID of the first, for it is made of the order.
    """
    async with job.session() as session:
        order = await OrderRepository(session).get(order_id, include_deleted=True)
        letter = LETTERS.write("receipt", order=order)
        address = order.customer.email
    # Nothing is held in the database while the mail server thinks.
    await Mailer(job.database.settings).send(letter, to=address, key=f"receipt {order_id}")
