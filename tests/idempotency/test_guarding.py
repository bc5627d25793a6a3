"""What a handler answers that nobody could know at the start."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import PlainTextResponse, Response, StreamingResponse
from starlette.background import BackgroundTask

from fastgres.db import Database
from fastgres.errors import SerializationFailureError
from fastgres.http import SessionDep
from fastgres.idempotency import Idempotent
from tests.idempotency.conftest import keyed, stored
from tests.models import Counter

if TYPE_CHECKING:
    from tests.idempotency.conftest import Serve

RAN: list[str] = []


@pytest.mark.parametrize(
    "response",
    [
        StreamingResponse(iter([b"a"])),
        PlainTextResponse("a", background=BackgroundTask(RAN.append, "ran")),
    ],
)
async def test_answer_that_cannot_be_stored_is_a_bug(
    response: Response, router: APIRouter, serve: Serve, database: Database
) -> None:
    @router.post("/", dependencies=[Idempotent])
    async def answer() -> Any:
        return response

    reply = await (await serve(router)).post("/", headers=keyed())
    assert reply.status_code == 500
    assert await stored(database) == 0
    assert RAN == []


async def test_response_made_by_hand_is_stored(router: APIRouter, serve: Serve) -> None:
    @router.post("/", dependencies=[Idempotent])
    async def answer() -> Any:
        return PlainTextResponse("made", 202, {"ETag": '"1"'})

    client = await serve(router)
    first, second = [await client.post("/", headers=keyed()) for _ in range(2)]
    assert (second.status_code, second.text) == (202, "made")
    assert second.headers["ETag"] == '"1"'
    assert second.headers["Content-Type"] == first.headers["Content-Type"]


async def test_middleware_inside_of_the_boundary_changes_nothing(
    router: APIRouter, serve: Serve, database: Database
) -> None:
    """Starlette's runs the route in a task of its own; what it adds is not of the stored answer."""
    runs: list[int] = []

    @router.post("/", dependencies=[Idempotent])
    async def answer(session: SessionDep) -> int:
        async with session.begin():
            session.add(Counter(value=len(runs)))
        runs.append(1)
        if len(runs) == 1:
            raise SerializationFailureError
        return len(runs)

    client = await serve(router)
    app: FastAPI = client.app  # type: ignore[attr-defined]  # set by `serve`
    app.middleware_stack = None

    @app.middleware("http")
    async def stamp(request: Request, call_next: Any) -> Response:
        response: Response = await call_next(request)
        response.headers["X-Stamp"] = "here"
        return response

    first, second = [await client.post("/", headers=keyed()) for _ in range(2)]
    assert (first.text, second.text) == ("2", "2")
    assert first.headers["X-Stamp"] == "here"
    assert second.headers["Idempotent-Replayed"] == "true"
    assert await stored(database) == 1
