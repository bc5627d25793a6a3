"""The payment provider, as the shop sees it."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Self
from uuid import UUID

import httpx

from shop.core.config import Settings
from shop.core.errors import CardDeclinedError, PaymentUnavailableError


@dataclass(frozen=True, slots=True)
class Charge:
    """Money that was taken from a card."""

    id: str
    amount: Decimal


class PaymentClient:
    """Charge cards; a charge is made once for each key, however often it is asked for.

    Opens no connection before the first charge; enter it with `async with` to have them closed.
    """

    def __init__(self, settings: Settings) -> None:
        self.http = httpx.AsyncClient(
            base_url=settings.payment_url, timeout=settings.payment_timeout
        )

    async def __aenter__(self) -> Self:
        """Return itself."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close its connections."""
        await self.http.aclose()

    async def charge(self, order_id: UUID, *, amount: Decimal, card: str, key: str) -> Charge:
        """Take the money for an order; asked again with the same key, return the same charge.

        Raises:
            CardDeclinedError: for good; the key stays spent on it.
            PaymentUnavailableError: nobody knows whether the card was charged. Ask again with the
                same key.
        """
        body = {"amount": str(amount), "card": card, "reference": str(order_id)}
        try:
            answer = await self.http.post("/charges", json=body, headers={"Idempotency-Key": key})
        except httpx.TransportError as error:
            raise PaymentUnavailableError from error
        if answer.status_code == httpx.codes.PAYMENT_REQUIRED:
            raise CardDeclinedError
        if answer.status_code != httpx.codes.CREATED:
            raise PaymentUnavailableError from httpx.HTTPStatusError(
                f"The provider answered {answer.status_code}: {answer.text[:200]}",
                request=answer.request,
                response=answer,
            )
        found: dict[str, Any] = answer.json()
        return Charge(found["id"], Decimal(found["amount"]))
