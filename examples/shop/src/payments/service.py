"""What the provider answers."""

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Annotated, Any
from uuid import uuid4

from fastapi import FastAPI, Header, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from payments.store import KeyReusedError, Reply, Store
from payments.trouble import Trouble, Troubles

DECLINED = "tok_declined"
"""The card that has no money."""

App = Callable[[Any, Any, Any], Awaitable[None]]


class Charge(BaseModel, extra="forbid"):
    """Money to take from a card; `reference` is the customer's own, such as the id of an order."""

    amount: Annotated[Decimal, Field(gt=0, max_digits=12, decimal_places=2)]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "EUR"
    card: Annotated[str, Field(pattern=r"^tok_[a-z]{1,20}$")]
    reference: Annotated[str, Field(min_length=1, max_length=100)]


class Underway:
    """The charges that are being made, whether or not anybody waits for them."""

    def __init__(self) -> None:
        self._number = 0
        self._changed = asyncio.Condition()

    async def __aenter__(self) -> None:
        """Begin one."""
        self._number += 1

    async def __aexit__(self, *_: object) -> None:
        """End it."""
        async with self._changed:
            self._number -= 1
            self._changed.notify_all()

    async def settled(self) -> None:
        """Wait until there is none."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._number == 0)


Key = Annotated[str, Header(alias="Idempotency-Key", min_length=1, max_length=255)]


def create_provider(store: Store) -> App:
    """Return the provider as an ASGI application."""
    app = FastAPI(title="Payments", docs_url=None, redoc_url=None)
    troubles = Troubles()
    underway = Underway()

    @app.post("/charges", status_code=201)
    async def charge(body: Charge, key: Key, request: Request) -> Response:
        """Charge a card once for each key, and say the same to its twins."""
        trouble = troubles.take()
        if trouble and trouble.kind == "fail":
            raise HTTPException(500, "Something went wrong, and nothing was charged.")
        async with underway:
            if trouble and trouble.kind == "slow":
                await asyncio.sleep(trouble.seconds)
            reply = await asyncio.to_thread(_charge, store, key, body)
        if trouble and trouble.kind == "lose_reply":
            request.scope["hang_up"]()
        headers = {"Idempotent-Replayed": "true"} if reply.replayed else {}
        return JSONResponse(reply.body, reply.status, headers)

    @app.get("/charges")
    async def list_charges(reference: str | None = None) -> list[dict[str, Any]]:
        """List what was charged, and what was declined, when nothing is underway any more."""
        await underway.settled()
        replies = await asyncio.to_thread(store.replies)
        return [each for each in replies if reference in {None, each["reference"]}]

    @app.post("/trouble", status_code=204)
    def arrange(trouble: Trouble) -> None:
        """Let the next charges meet trouble."""
        troubles.arrange(trouble)

    @app.delete("/trouble", status_code=204)
    def forget() -> None:
        """Have good days only."""
        troubles.forget()

    return _able_to_hang_up(app)


def _charge(store: Store, key: str, body: Charge) -> Reply:
    asked = body.model_dump(mode="json")
    try:
        return store.once(key, asked, lambda: _decide(asked))
    except KeyReusedError:
        return Reply(422, {"code": "key_reused", "reference": body.reference})


def _decide(asked: dict[str, Any]) -> Reply:
    if asked["card"] == DECLINED:
        return Reply(402, asked | {"code": "card_declined"})
    return Reply(201, asked | {"id": f"ch_{uuid4().hex}"})


def _able_to_hang_up(app: App) -> App:
    """Let a route cut the connection, as a network does: no status, no body, no goodbye."""

    async def serve(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            scope["hang_up"] = send.__self__.transport.abort
        await app(scope, receive, send)

    return serve
