"""An HTTP client that calls the application without a socket, its lifespan running."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

import httpx

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping

    Message = MutableMapping[str, Any]
    Application = Callable[[Any, Any, Any], Awaitable[None]]

BASE_URL: Final = "http://testserver"


@asynccontextmanager
async def serving(app: Application) -> AsyncIterator[httpx.AsyncClient]:
    """Yield a client on the application, which is started before and stopped afterwards."""
    async with _lifespan(app) as state:
        transport = httpx.ASGITransport(app=_with_state(app, state))
        async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as client:
            yield client


def _with_state(app: Application, state: dict[str, Any]) -> Application:
    """Give each request its copy of the lifespan's state, as a server does."""

    async def called(scope: Any, receive: Any, send: Any) -> None:
        await app(scope | {"state": state.copy()}, receive, send)

    return called


@asynccontextmanager
async def _lifespan(app: Application) -> AsyncIterator[dict[str, Any]]:
    """Run the lifespan in a task of its own: cancel scopes must end in the task that began them."""
    state: dict[str, Any] = {}
    incoming: asyncio.Queue[Message] = asyncio.Queue()
    answers: asyncio.Queue[Message] = asyncio.Queue()
    scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": state}
    running = asyncio.ensure_future(app(scope, incoming.get, answers.put))

    async def tell(phase: str) -> None:
        await incoming.put({"type": f"lifespan.{phase}"})
        await _answered(phase, running, answers)

    try:
        await tell("startup")
        yield state
        await tell("shutdown")
        await running
    finally:
        running.cancel()
        await asyncio.wait({running})


async def _answered(
    phase: str, running: asyncio.Future[None], answers: asyncio.Queue[Message]
) -> None:
    """Wait for the answer; when the application fails instead, raise what it raised."""
    answer = asyncio.ensure_future(answers.get())
    pair: set[asyncio.Future[Any]] = {running, answer}
    await asyncio.wait(pair, return_when=asyncio.FIRST_COMPLETED)
    if not answer.done() or answer.result()["type"] != f"lifespan.{phase}.complete":
        answer.cancel()
        await running
