"""The shop's view of the payment provider."""

from collections.abc import AsyncIterator
from decimal import Decimal
from uuid import uuid4

import httpx
import pytest

from shop.clients.payment import PaymentClient
from shop.core.config import NOBODY, Settings
from shop.core.errors import CardDeclinedError, PaymentUnavailableError


@pytest.fixture
async def payments(provider: httpx.AsyncClient) -> AsyncIterator[PaymentClient]:
    """The client as the service opens it, impatient."""
    settings = Settings(
        environment="test", payment_url=str(provider.base_url).rstrip("/"), payment_timeout=0.5
    )
    async with PaymentClient(settings) as payments:
        yield payments


async def test_the_same_key_is_the_same_charge(payments: PaymentClient) -> None:
    """Of the amount that was asked for."""
    order, key, amount = uuid4(), str(uuid4()), Decimal("39.80")
    first = await payments.charge(order, amount=amount, card="tok_visa", key=key)
    again = await payments.charge(order, amount=amount, card="tok_visa", key=key)
    assert first == again
    assert first.amount == amount


async def test_a_declined_card_is_for_good(payments: PaymentClient) -> None:
    """402, which may be stored."""
    with pytest.raises(CardDeclinedError) as refused:
        await payments.charge(uuid4(), amount=Decimal(1), card="tok_declined", key=str(uuid4()))
    assert refused.value.status == 402


@pytest.mark.parametrize(
    "trouble", [{"kind": "fail"}, {"kind": "lose_reply"}, {"kind": "slow", "seconds": 1}]
)
async def test_when_nobody_knows_it_may_be_asked_again(
    payments: PaymentClient, provider: httpx.AsyncClient, trouble: dict[str, object]
) -> None:
    """503, and the retry finds one charge."""
    await provider.post("/trouble", json=trouble)
    order, key, amount = uuid4(), str(uuid4()), Decimal(7)
    with pytest.raises(PaymentUnavailableError) as unknown:
        await payments.charge(order, amount=amount, card="tok_visa", key=key)
    assert unknown.value.headers["Retry-After"] == "2"
    charge = await payments.charge(order, amount=amount, card="tok_visa", key=key)
    made = (await provider.get("/charges", params={"reference": str(order)})).json()
    assert [each["id"] for each in made] == [charge.id]


async def test_a_provider_that_is_not_there_is_as_unknown() -> None:
    """The shop runs without one, and says so when somebody pays."""
    async with PaymentClient(Settings(environment="test", payment_url=NOBODY)) as payments:
        with pytest.raises(PaymentUnavailableError):
            await payments.charge(uuid4(), amount=Decimal(1), card="tok_visa", key="1")
