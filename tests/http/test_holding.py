"""Responses that are held back until their keeper has said that they are true."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import FileResponse, PlainTextResponse, StreamingResponse

from fastgres.errors import ConflictError
from fastgres.http import WholeResponse
from fastgres.http.holding import LARGEST
from tests.http.conftest import asgi_scope, nothing_more, service
from tests.http.keepers import Noting, exchange_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.http.conftest import Serve


@pytest.fixture
def keeper() -> Noting:
    """A keeper that keeps everything."""
    return Noting()


async def test_nothing_leaves_before_the_keeper_has_kept(keeper: Noting) -> None:
    router = APIRouter()

    @router.get("/", dependencies=[Depends(keeper.hold)])
    async def answer() -> str:
        return "yes"

    async def send(message: Any) -> None:
        keeper.seen.append(message["type"])

    await service(router)(asgi_scope("/"), nothing_more, send)
    assert keeper.seen == ['keep 200 "yes"', "http.response.start", "http.response.body"]


async def test_error_of_the_keeper_is_answered_instead(router: APIRouter, serve: Serve) -> None:
    keeper = Noting(ConflictError("Too late."))

    @router.get("/", dependencies=[Depends(keeper.hold)])
    async def answer() -> str:
        return "yes"

    reply = await (await serve(router)).get("/")
    assert (reply.status_code, reply.json()["detail"]) == (409, "Too late.")
    assert keeper.seen == ["abandon"]


async def test_bug_in_the_keeper_is_a_bug(router: APIRouter, serve: Serve) -> None:
    keeper = Noting(ValueError("a bug"))

    @router.get("/", dependencies=[Depends(keeper.hold)])
    async def answer() -> str:
        return "yes"

    reply = await (await serve(router)).get("/")
    assert (reply.status_code, reply.json()["code"]) == (500, "internal_error")
    assert keeper.seen == ["abandon"]


async def test_error_response_is_shown_to_the_keeper_too(
    router: APIRouter, serve: Serve, keeper: Noting
) -> None:
    @router.get("/", dependencies=[Depends(keeper.hold)])
    async def answer() -> None:
        raise HTTPException(402)

    assert (await (await serve(router)).get("/")).status_code == 402
    assert keeper.seen[0].startswith("keep 402")


async def test_error_in_plain_text_is_replaced_and_not_kept(
    router: APIRouter, serve: Serve, keeper: Noting
) -> None:
    @router.get("/", dependencies=[Depends(keeper.hold)])
    async def answer() -> PlainTextResponse:
        return PlainTextResponse("no", 409)

    assert (await (await serve(router)).get("/")).json()["code"] == "conflict"
    assert keeper.seen == ["abandon"]


async def test_bug_lets_the_keeper_go(router: APIRouter, serve: Serve, keeper: Noting) -> None:
    @router.get("/", dependencies=[Depends(keeper.hold)])
    async def answer() -> None:
        raise ValueError("a bug")

    assert (await (await serve(router)).get("/")).status_code == 500
    assert keeper.seen == ["abandon"]


async def test_answer_of_the_handler_of_bugs_is_not_kept(router: APIRouter, keeper: Noting) -> None:
    sent: list[Any] = []

    @router.get("/", dependencies=[Depends(keeper.hold)])
    async def answer() -> None:
        raise ValueError("a bug")

    async def send(message: Any) -> None:
        sent.append(message)

    app = service(router)

    @app.exception_handler(Exception)
    async def handle(_request: Request, _error: Exception) -> PlainTextResponse:
        return PlainTextResponse("sorry", 200)

    await app(asgi_scope("/"), nothing_more, send)
    assert sent[0]["status"] == 200
    assert keeper.seen == ["abandon"]


async def test_body_that_is_too_large_is_a_bug(
    router: APIRouter, serve: Serve, keeper: Noting
) -> None:
    @router.get("/", dependencies=[Depends(keeper.hold)])
    async def answer() -> StreamingResponse:
        async def body() -> AsyncIterator[bytes]:
            yield bytes(LARGEST)
            yield b"!"

        return StreamingResponse(body())

    assert (await (await serve(router)).get("/")).status_code == 500
    assert keeper.seen == ["abandon"]


async def test_file_sent_by_its_path_is_a_bug(
    router: APIRouter, keeper: Noting, tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(b"bytes")
    sent: list[Any] = []

    @router.get("/", dependencies=[Depends(keeper.hold)])
    async def answer() -> FileResponse:
        return FileResponse(tmp_path / "file")

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {**asgi_scope("/"), "extensions": {"http.response.pathsend": {}}}
    await service(router)(scope, nothing_more, send)
    assert sent[0]["status"] == 500
    assert keeper.seen == ["abandon"]


async def test_answer_of_another_takes_the_place_of_the_application_s(
    router: APIRouter, serve: Serve
) -> None:
    async def answered_before(request: Request) -> None:
        earlier = WholeResponse(201, ((b"content-length", b"7"),), b"earlier")
        await exchange_of(request).answer(earlier)

    @router.get("/", dependencies=[Depends(answered_before)])
    async def answer() -> str:
        return "now"

    reply = await (await serve(router)).get("/")
    assert (reply.status_code, reply.text) == (201, "earlier")
    assert reply.headers["X-Request-ID"]


async def test_response_that_has_begun_cannot_be_held(
    router: APIRouter, serve: Serve, keeper: Noting
) -> None:
    caught: list[str] = []

    @router.get("/")
    async def answer(request: Request) -> StreamingResponse:
        async def body() -> AsyncIterator[bytes]:
            try:
                exchange_of(request).hold(keeper)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is the point
                caught.append(str(error))
            yield b"done"

        return StreamingResponse(body())

    assert (await (await serve(router)).get("/")).text == "done"
    assert "has begun" in caught[0]
