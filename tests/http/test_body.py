"""Bodies: bounded in size and in time, over real sockets where that matters."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from fastapi import APIRouter, Request

from tests.http.conftest import service
from tests.http.listening import exchange, listening, send_all_then_read

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.http.conftest import Serve

LIMIT = 1000


@pytest.fixture
def router() -> APIRouter:
    """Routes that read a body by FastAPI, by hand, and not at all."""
    router = APIRouter()

    @router.post("/parsed")
    async def parsed(body: list[int]) -> int:
        return len(body)

    @router.post("/raw")
    async def raw(request: Request) -> int:
        try:
            return len(await request.body())
        except Exception:  # noqa: BLE001 - a route that hides what went wrong
            return -1

    @router.post("/ignored")
    async def ignored() -> str:
        return "fine"

    return router


async def chunks(count: int, size: int = 100) -> AsyncIterator[bytes]:
    """Send a body without saying how long it is."""
    for _ in range(count):
        yield b" " * size


async def test_body_up_to_the_limit_is_taken(router: APIRouter, serve: Serve) -> None:
    client = await serve(router, max_body_size=LIMIT)
    assert (await client.post("/raw", content=b"x" * LIMIT)).json() == LIMIT
    assert (await client.post("/raw", content=chunks(10))).json() == LIMIT


@pytest.mark.parametrize("path", ["/parsed", "/raw", "/ignored", "/nowhere"])
async def test_declared_length_above_the_limit_is_413_at_once(
    path: str, router: APIRouter, serve: Serve
) -> None:
    client = await serve(router, max_body_size=LIMIT)
    reply = await client.post(path, content=b"x" * (LIMIT + 1))
    assert reply.status_code == 413
    assert reply.json()["max_body_size"] == LIMIT
    assert reply.headers["Connection"] == "close"


@pytest.mark.parametrize("path", ["/parsed", "/raw"])
async def test_chunked_body_above_the_limit_is_413(
    path: str, router: APIRouter, serve: Serve
) -> None:
    """FastAPI makes 400 of what is raised while it reads, and the route 200: neither stands."""
    client = await serve(router, max_body_size=LIMIT)
    reply = await client.post(
        path, content=chunks(11), headers={"Content-Type": "application/json"}
    )
    assert reply.status_code == 413
    assert reply.json()["code"] == "payload_too_large"


async def test_length_that_is_no_number_is_400(router: APIRouter, serve: Serve) -> None:
    client = await serve(router)
    for length in ("-1", "1e3", "9" * 30, ""):
        reply = await client.post("/raw", content=b"", headers={"Content-Length": length})
        assert reply.status_code == 400


@pytest.mark.parametrize("declared", [True, False])
async def test_413_reaches_a_client_that_sends_all_before_it_reads(
    *, declared: bool, router: APIRouter
) -> None:
    """A socket closed with unread data is reset, and the answer is lost on the way."""
    body = b" " * 4_000_000
    if declared:
        rest = b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
    else:
        rest = b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    request = b"POST /raw HTTP/1.1\r\nHost: localhost\r\n" + rest
    with listening(service(router, max_body_size=LIMIT)) as port:
        first = await asyncio.to_thread(send_all_then_read, port, request)
    assert first.startswith(b"HTTP/1.1 413 ")


async def test_client_that_waits_for_leave_is_refused_without_sending(router: APIRouter) -> None:
    with listening(service(router, max_body_size=LIMIT)) as port:
        head = b"POST /raw HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999999\r\n"
        status, _, _ = await exchange(port, head + b"Expect: 100-continue\r\n\r\n")
    assert status == 413


@pytest.mark.parametrize("path", ["/parsed", "/raw"])
async def test_body_that_does_not_arrive_is_408(path: str, router: APIRouter) -> None:
    with listening(service(router, receive_timeout=0.1)) as port:
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n12345"
        status, headers, body = await exchange(port, head.encode())
    assert status == 408
    assert headers["connection"] == "close"
    assert json.loads(body)["code"] == "request_timeout"


async def test_dripping_body_is_408(router: APIRouter) -> None:
    """Each byte comes in time, and all of them together do not."""
    with listening(service(router, receive_timeout=0.3)) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /raw HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500\r\n\r\n")
        answer = asyncio.create_task(reader.read(12))
        while not answer.done():
            writer.write(b"x")
            await asyncio.wait({answer}, timeout=0.02)
        assert answer.result() == b"HTTP/1.1 408"
        writer.close()


async def test_deadline_is_for_the_client_and_not_for_the_route(
    router: APIRouter, serve: Serve
) -> None:
    """The body is there before a slow route reads it."""

    @router.post("/slow")
    async def slow(request: Request) -> int:
        await asyncio.sleep(0.15)
        return len(await request.body())

    client = await serve(router, receive_timeout=0.05)
    assert (await client.post("/slow", content=b"12345")).json() == 5


async def test_connection_is_kept_after_a_small_unread_body(router: APIRouter) -> None:
    request = b"POST /ignored HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n12345"
    with listening(service(router)) as port:
        _, headers, _ = await exchange(port, request)
    assert "connection" not in headers


@pytest.mark.parametrize(
    "head", [b"Content-Length: 500000\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n"]
)
async def test_connection_is_closed_after_a_body_nobody_read(
    head: bytes, router: APIRouter
) -> None:
    """Otherwise the rest of it would hold the connection for as long as the client likes."""
    with listening(service(router)) as port:
        request = b"POST /ignored HTTP/1.1\r\nHost: localhost\r\n" + head
        _, headers, _ = await exchange(port, request)
    assert headers["connection"] == "close"


async def test_client_that_leaves_in_its_body_ends_the_request(router: APIRouter) -> None:
    ended: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    @router.post("/watched")
    async def watched(request: Request) -> None:
        try:
            await request.body()
        except BaseException as error:
            ended.get_loop().call_soon_threadsafe(ended.set_result, type(error).__name__)
            raise

    with listening(service(router)) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /watched HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n1")
        await writer.drain()
        writer.close()
        assert await asyncio.wait_for(ended, 5) == "ClientDisconnect"
