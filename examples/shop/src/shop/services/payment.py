"""Paying for an order: what the shop writes down, and what the provider is asked in between."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from fastgres.idempotency import Steps
from shop.clients.payment import PaymentClient
from shop.core.errors import CardDeclinedError
from shop.models import Order
from shop.services.order import OrderService


class PaymentService:
    """Charge cards for orders, once each, whoever dies or loses an answer on the way."""

    def __init__(self, orders: OrderService, payments: PaymentClient, steps: Steps) -> None:
        self.orders = orders
        self.payments = payments
        self.steps = steps

    async def pay(self, order_id: UUID, *, card: str) -> Order:
        """Keep the order for this payment, charge the card, and mark it as paid.

        Three transactions, none of which is open while the provider is asked. A request that is
        sent again goes on where the first one stopped: the provider knows the key of its step.

        Raises `TransitionError`, `CardDeclinedError` or `PaymentUnavailableError`; after the last
        one the order stays with this payment until it is known how that ended.
        """

        async def begin() -> str:
            return str(await self.orders.begin_payment(order_id))

        amount = Decimal(await self.steps.write("begin", begin))

        async def charge(key: str) -> dict[str, Any]:
            made = await self.payments.charge(order_id, amount=amount, card=card, key=key)
            return {"charge": made.id}

        try:
            await self.steps.run("charge", charge)
        except CardDeclinedError:
            await self.orders.end_payment(order_id, paid=False)
            raise
        return await self.orders.end_payment(order_id, paid=True)
