"""HEAD is answered as GET is."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from fastapi import APIRouter, FastAPI, Request, Response, WebSocket
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.responses import FileResponse, StreamingResponse
from fastapi.sse import EventSourceResponse
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from tests.http.conftest import asgi_scope, nothing_more, service

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.http.conftest import Serve


async def plain(_: Request) -> Response:
    """Be a handler of Starlette's."""
    return PlainTextResponse("plain")


async def test_route_of_get_answers(router: APIRouter, serve: Serve) -> None:
    """With its headers, and the length of what it would send."""

    @router.get("/things/{number}")
    async def read(number: int, response: Response) -> str:
        response.headers["X-Number"] = str(number)
        return "thing"

    client = await serve(router)
    got, head = await client.get("/things/7"), await client.head("/things/7")
    assert (head.status_code, head.content) == (200, b"")
    for reply in (got, head):
        del reply.headers["X-Request-ID"]
    assert head.headers == got.headers
    assert head.headers["Content-Length"] == str(len(got.content))


async def test_error_has_no_body_either(router: APIRouter, serve: Serve) -> None:
    @router.get("/bug")
    async def bug() -> None:
        raise ValueError("hunter2")

    @router.post("/made")
    async def make() -> None: ...

    client = await serve(router)
    for path, status in (("/bug", 500), ("/nothing", 404), ("/made", 405)):
        head = await client.head(path)
        assert (head.status_code, head.content) == (status, b"")
        assert head.headers["Content-Type"] == "application/problem+json"
        assert head.headers["Content-Length"] != "0"


async def test_handler_that_was_written_for_it_goes_before(router: APIRouter, serve: Serve) -> None:
    @router.get("/things")
    async def read() -> str:
        return "things"

    @router.head("/things")
    async def head() -> Response:
        return Response(headers={"X-By": "hand"})

    client = await serve(router)
    assert (await client.head("/things")).headers["X-By"] == "hand"
    assert (await client.get("/things")).text == '"things"'


async def test_order_of_routes_is_that_of_get(router: APIRouter, serve: Serve) -> None:
    """Although Starlette's own routes answer HEAD without being asked to."""

    @router.get("/{name}")
    async def read(name: str) -> str:
        return name

    @router.websocket("/a")
    async def talk(socket: WebSocket) -> None: ...

    router.routes.append(Route("/a", plain))
    router.routes.append(Route("/b/c", plain))
    client = await serve(router)
    for path in ("/a", "/b/c"):
        got, head = await client.get(path), await client.head(path)
        assert head.headers["Content-Type"] == got.headers["Content-Type"]
        assert (head.status_code, head.content) == (200, b"")


async def test_mounted_application_decides_for_itself(router: APIRouter, serve: Serve) -> None:
    inner = FastAPI()
    seen: list[str] = []

    @inner.get("/x")
    async def read() -> str:
        return "x"

    async def other(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["method"])
        await PlainTextResponse("other")(scope, receive, send)

    router.mount("/inner", inner)
    router.mount("/other", other)
    client = await serve(router)
    head = await client.head("/inner/x")
    assert (head.status_code, head.headers["Allow"]) == (405, "GET")
    assert (await client.head("/other/x")).status_code == 200
    assert seen == ["HEAD"]


async def test_service_inside_of_a_service_answers(router: APIRouter, serve: Serve) -> None:
    within = APIRouter()

    @within.get("/x")
    async def read() -> str:
        return "x"

    router.mount("/inner", service(within))
    head = await (await serve(router)).head("/inner/x")
    assert (head.status_code, head.content, head.headers["Content-Length"]) == (200, b"", "3")


async def test_file_and_stream_are_not_sent(
    router: APIRouter, serve: Serve, tmp_path: Path
) -> None:
    file = tmp_path / "file.txt"
    file.write_text("content")

    @router.get("/file")
    async def send_file() -> FileResponse:
        return FileResponse(file)

    @router.get("/stream")
    async def send_stream() -> StreamingResponse:
        return StreamingResponse(iter(["a", "b"]))

    client = await serve(router)
    head = await client.head("/file")
    assert (head.content, head.headers["Content-Length"]) == (b"", "7")
    assert (await client.head("/stream")).content == b""


async def test_stream_is_left_at_its_headers(router: APIRouter) -> None:
    """No row of an export is read for nobody, and events that never end do not hold it."""
    ran: list[str] = []
    sent: list[Any] = []

    async def rows() -> AsyncIterator[bytes]:
        ran.append("rows")
        yield b"row"

    @router.get("/export")
    async def export() -> StreamingResponse:
        return StreamingResponse(rows(), headers={"X-Kind": "export"})

    @router.get("/events", response_class=EventSourceResponse)
    async def events() -> AsyncIterator[str]:
        await asyncio.Event().wait()
        yield "never"

    async def send(message: Any) -> None:
        sent.append(message)

    app = service(router)
    for path in ("/export", "/events"):
        sent.clear()
        async with asyncio.timeout(10):
            await app({**asgi_scope(path), "method": "HEAD"}, nothing_more, send)
        start, end = sent
        assert (start["status"], end["body"], end["more_body"]) == (200, b"", False)
    assert ran == []


async def test_stream_is_left_behind_middleware_too(router: APIRouter) -> None:
    sent: list[Any] = []

    @router.get("/export")
    async def export() -> StreamingResponse:
        return StreamingResponse(iter(["a", "b"]))

    async def send(message: Any) -> None:
        sent.append(message)

    async def passing(request: Request, call_next: Any) -> Response:
        response: Response = await call_next(request)
        response.headers["X-Passed"] = "yes"
        return response

    app = service(router)
    app.middleware("http")(passing)
    app.add_middleware(GZipMiddleware)
    await app({**asgi_scope("/export"), "method": "HEAD"}, nothing_more, send)
    start, end = sent
    assert (b"x-passed", b"yes") in start["headers"]
    assert (end["body"], end["more_body"]) == (b"", False)


@pytest.mark.parametrize("path", ["/x", "/nothing"])
async def test_scope_of_the_server_keeps_its_method(path: str, router: APIRouter) -> None:
    """A server reads it while it sends; the access line tells it, and the route."""
    seen: list[Any] = []

    @router.get("/x")
    async def read(request: Request) -> str:
        seen.append(request.method)
        return "x"

    scope = {**asgi_scope(path), "method": "HEAD"}

    async def send(message: Any) -> None:
        seen.append(scope["method"])
        assert not message.get("body")

    await service(router)(scope, nothing_more, send)
    assert set(seen) == ({"GET", "HEAD"} if path == "/x" else {"HEAD"})
    assert scope["method"] == "HEAD"
    assert ("route" in scope) is (path == "/x")


async def test_it_is_in_no_document(router: APIRouter) -> None:
    @router.get("/x")
    async def read() -> str:
        return "x"

    assert set(service(router).openapi()["paths"]["/x"]) == {"get"}
