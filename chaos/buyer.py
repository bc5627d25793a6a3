"""A client as clients should be: one key an order, and the same request again until it is told."""

from __future__ import annotations

import asyncio
import hashlib
import random
import time
from collections.abc import Sequence
from typing import Any, Final
from uuid import uuid4

import httpx

from chaos.journal import Answer, Journal

PATIENCE: Final = 90.0
"""Seconds after which a client gives up on an order."""
TIMEOUT: Final = 30.0
"""Seconds a client waits for one answer; the service has to answer well before."""
_PAUSE: Final = 0.05
"""Seconds between two orders of a client: what is bought has to be mailed, too."""
_AGAIN: Final = frozenset({0, 409, 425, 429, 500, 502, 503, 504})
"""What says nothing about the order; 500 is a fault of the service, counted by the checker."""


class Buyer:
    """Place orders through any of several servers, as behind a load balancer."""

    def __init__(
        self,
        servers: Sequence[str],
        journal: Journal,
        *,
        customer: str,
        products: Sequence[str],
    ) -> None:
        self.servers = servers
        self._journal = journal
        self._customer = customer
        self._products = list(products)
        limits = httpx.Limits(max_connections=200, keepalive_expiry=5)
        self._http = httpx.AsyncClient(timeout=TIMEOUT, limits=limits, trust_env=False)
        self.gave_up: list[str] = []
        self.bought = 0

    def order(self, key: str) -> dict[str, Any]:
        """Return the body of an order, the same for the same key; its note says which key."""
        dice = random.Random(key)  # noqa: S311 - no secret
        lines = dice.sample(self._products, min(3, len(self._products)))
        return {
            "customer_id": self._customer,
            "items": [{"product_id": each, "quantity": dice.randint(1, 3)} for each in lines],
            "note": key,
        }

    async def buy(self, key: str | None = None) -> Answer | None:
        """Ask until there is a definite answer; return it if it is an order."""
        key = key or str(uuid4())
        deadline = time.monotonic() + PATIENCE
        server = random.randrange(len(self.servers))  # noqa: S311 - no secret
        while time.monotonic() < deadline:
            answer = await self.ask(key, server)
            if answer.status not in _AGAIN:
                self.bought += answer.acknowledged
                return answer if answer.acknowledged else None
            server = (server + 1) % len(self.servers)
            await asyncio.sleep(random.uniform(0.02, 0.2))  # noqa: S311 - no secret
        self.gave_up.append(key)
        return None

    async def ask(self, key: str, server: int = 0) -> Answer:
        """Send the order of a key once, and write down what came back."""
        began = time.monotonic()
        try:
            response = await self._http.post(
                f"{self.servers[server]}/orders",
                json=self.order(key),
                headers={"Idempotency-Key": key},
            )
        except httpx.HTTPError as error:
            seconds = time.monotonic() - began
            answer = Answer(key=key, status=0, seconds=seconds, detail=type(error).__name__)
        else:
            answer = _answer(key, response, time.monotonic() - began)
        self._journal.write(answer)
        return answer

    async def shop(self, until: asyncio.Event, *, at_once: int = 4) -> None:
        """Buy one thing after the other, several side by side, until told to stop."""

        async def one() -> None:
            while not until.is_set():
                await self.buy()
                await asyncio.sleep(_PAUSE)

        await asyncio.gather(*(one() for _ in range(at_once)))

    async def close(self) -> None:
        """Close its connections."""
        await self._http.aclose()


def _answer(key: str, response: httpx.Response, seconds: float) -> Answer:
    acknowledged = response.is_success
    return Answer(
        key=key,
        status=response.status_code,
        seconds=seconds,
        order=response.json()["id"] if acknowledged else None,
        digest=hashlib.sha256(response.content).hexdigest(),
        replayed="idempotent-replayed" in response.headers,
        detail="" if acknowledged else response.text[:300],
    )
