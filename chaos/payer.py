"""Buyers who pay, through a provider that has bad days; some of them never come back to ask."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import random
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import httpx

from chaos.buyer import PATIENCE, TIMEOUT
from chaos.journal import Answer, Journal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chaos.buyer import Buyer

DECLINED: Final = "tok_declined"
_TROUBLED: Final = 0.4
"""Part of the payments that meet trouble at the provider."""
_RIVALLED: Final = 0.2
"""Part of the orders that somebody else tries to pay at the same time, by a key of his own."""
_LEFT: Final = 0.15
"""Part of the payments whose client asks once, for a moment, and never again."""
_PAUSE: Final = 0.2
"""Seconds between two payments of a client: what dies has to have room to start again."""
_SLOW: Final = 1.5
"""Seconds that a slow provider takes: longer than the service waits for it."""
_TROUBLES: Final[tuple[dict[str, Any], ...]] = (
    {"kind": "slow", "seconds": _SLOW},
    {"kind": "fail"},
    {"kind": "lose_reply"},
)


class Provider:
    """The payment provider, as its own operator sees it."""

    def __init__(self, url: str) -> None:
        self._http = httpx.AsyncClient(base_url=url, timeout=60, trust_env=False)

    async def trouble(self, kind: Mapping[str, Any] | None = None) -> None:
        """Let the next charge meet this trouble, or any."""
        trouble = kind or random.choice(_TROUBLES)  # noqa: S311 - no secret
        (await self._http.post("/trouble", json=dict(trouble))).raise_for_status()

    async def recover(self) -> None:
        """Have good days only."""
        (await self._http.delete("/trouble")).raise_for_status()

    async def charges(self) -> list[dict[str, Any]]:
        """Return what was charged, once nothing is underway any more."""
        replies: list[dict[str, Any]] = (await self._http.get("/charges")).json()
        return [each for each in replies if "id" in each]

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()


class Payer:
    """Place orders and pay them: each payment by a key of its own, sent until there is an answer.

    In the journal an answer's `order` is the one that was to be paid, and its status says how.
    """

    def __init__(self, buyer: Buyer, journal: Journal, provider: Provider) -> None:
        self._buyer = buyer
        self._journal = journal
        self.provider = provider
        self._http = httpx.AsyncClient(timeout=TIMEOUT, trust_env=False)
        self.gave_up: list[str] = []

    @property
    def path(self) -> Path:
        """Where its journal is."""
        return self._journal.path

    async def shop(self, until: asyncio.Event, *, at_once: int) -> None:
        """Buy and pay, several side by side, until told to stop."""

        async def one() -> None:
            while not until.is_set():
                await self.buy_and_pay()
                await asyncio.sleep(_PAUSE)

        await asyncio.gather(*(one() for _ in range(at_once)))

    async def buy_and_pay(self) -> None:
        """Place an order, and pay it under what trouble there is."""
        placed = await self._buyer.buy()
        if placed is None or placed.order is None:
            return
        if random.random() < _TROUBLED:  # noqa: S311 - no secret
            await self.provider.trouble()
        payers = 1 + (random.random() < _RIVALLED)  # noqa: S311 - no secret
        await asyncio.gather(*(self._pay_or_leave(placed.order, n) for n in range(payers)))

    async def leave_unknown(self) -> None:
        """Begin a payment whose end the service is not told, and never ask again."""
        await self.provider.recover()
        placed = await self._buyer.buy()
        if placed is None or placed.order is None:
            return
        await self.provider.trouble({"kind": "lose_reply"})
        await self.ask(placed.order, key_with_money(placed.order))

    async def _pay_or_leave(self, order: str, number: int) -> None:
        key = f"{order}.{number}"
        if random.random() < _LEFT:  # noqa: S311 - no secret
            await self.ask(order, key, patience=random.uniform(0.02, 1.0))  # noqa: S311 - no secret
        else:
            await self.pay(order, key)

    async def pay(self, order: str, key: str) -> Answer | None:
        """Ask until there is a definite answer, and return that."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            answer = await self.ask(order, key)
            if is_definite(answer):
                return answer
            await asyncio.sleep(random.uniform(0.05, 0.3))  # noqa: S311 - no secret
        self.gave_up.append(key)
        return None

    async def ask(self, order: str, key: str, *, patience: float = TIMEOUT) -> Answer:
        """Send a payment once, and write down what came back."""
        server = random.choice(self._buyer.servers)  # noqa: S311 - no secret
        began = time.monotonic()
        try:
            response = await self._http.post(
                f"{server}/orders/{order}/pay",
                json={"card": card_of(key)},
                headers={"Idempotency-Key": key},
                timeout=patience,
            )
        except httpx.HTTPError as error:
            seconds, detail = time.monotonic() - began, type(error).__name__
            answer = Answer(key=key, status=0, seconds=seconds, order=order, detail=detail)
        else:
            answer = _answer(order, key, response, seconds=time.monotonic() - began)
        self._journal.write(answer)
        return answer

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()


def card_of(key: str) -> str:
    """Return the card of a payment, the same for the same key; one in ten has no money."""
    return DECLINED if random.Random(key).random() < 0.1 else "tok_visa"  # noqa: S311 - no secret


def key_with_money(order: str) -> str:
    """Return a key for an order under which its card is not declined."""
    keys = (f"{order}.{each}" for each in itertools.count())
    return next(key for key in keys if card_of(key) != DECLINED)


def is_definite(answer: Answer) -> bool:
    """Whether the answer says how the payment ended: paid, declined, or somebody else's order."""
    others = answer.status == 409 and "invalid_transition" in answer.detail
    return answer.status in {200, 402} or others


def _answer(order: str, key: str, response: httpx.Response, *, seconds: float) -> Answer:
    return Answer(
        key=key,
        status=response.status_code,
        seconds=seconds,
        order=order,
        digest=hashlib.sha256(response.content).hexdigest(),
        replayed="idempotent-replayed" in response.headers,
        detail="" if response.is_success else response.text[:300],
    )
