"""The access line."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse
from structlog.testing import capture_logs

from fastgres.errors import ConflictError
from fastgres.http.access import redact_query
from fastgres.observability import configure_logging
from fastgres.settings import Settings
from tests.http.conftest import asgi_scope, service
from tests.http.listening import exchange, listening

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import Receive, Scope, Send

    from tests.http.conftest import Serve


def logged(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Return the access lines written so far."""
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    return [line for line in lines if line["event"] == "request"]


def write_json(level: Any = "INFO") -> None:
    """Log as in production."""
    configure_logging(Settings(environment="test", log_format="json", log_level=level))


async def test_every_request_has_one_line(
    router: APIRouter, serve: Serve, capsys: pytest.CaptureFixture[str]
) -> None:
    write_json()

    @router.get("/books/{number}")
    async def read(number: int) -> int:
        return number

    outer = APIRouter(prefix="/library")
    outer.include_router(router)
    client = await serve(outer)
    reply = await client.get("/library/books/7", headers={"X-Request-ID": "mine"})
    (line,) = logged(capsys)
    assert line["request_id"] == "mine"
    assert line["route"] == "/library/books/{number}"
    assert line["path"] == "/library/books/7"
    assert (line["method"], line["status"], line["bytes"]) == ("GET", 200, len(reply.content))
    assert line["ms"] >= 0
    assert "query" not in line


async def test_secret_in_the_query_is_masked(
    router: APIRouter, serve: Serve, capsys: pytest.CaptureFixture[str]
) -> None:
    write_json()
    client = await serve(router)
    await client.get("/nothing?access_token=abc&page=2&password=hunter2")
    (line,) = logged(capsys)
    assert line["query"] == "access_token=***&page=2&password=***"
    assert line["status"] == 404


@pytest.mark.parametrize(
    ("path", "code"),
    [("/nothing", "not_found"), ("/bug", "internal_error"), ("/refused", "conflict")],
)
async def test_code_of_an_error_is_told(
    path: str,
    code: str,
    router: APIRouter,
    serve: Serve,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A status alone has many reasons."""

    @router.get("/bug")
    async def bug() -> None:
        raise ValueError("the bug")

    @router.get("/refused")
    async def refused() -> None:
        raise ConflictError

    client = await serve(router)
    write_json()
    await client.get(path)
    (line,) = logged(capsys)
    assert line["outcome"] == code


async def test_probes_are_logged_at_debug_only(
    router: APIRouter, serve: Serve, capsys: pytest.CaptureFixture[str]
) -> None:
    client = await serve(router)
    write_json()
    await client.get("/livez")
    assert logged(capsys) == []
    write_json("DEBUG")
    await client.get("/livez")
    assert len(logged(capsys)) == 1


async def test_path_cannot_fill_the_log(
    router: APIRouter, serve: Serve, capsys: pytest.CaptureFixture[str]
) -> None:
    write_json()
    await (await serve(router)).get("/" + "x" * 5000)
    (line,) = logged(capsys)
    assert len(line["path"]) == 512


def test_query_that_is_no_text_is_logged_all_the_same() -> None:
    assert redact_query(b"a=\xff&&b=%00&token") == "a=%C3%BF&b=%00&token=***"


async def slowly(*, failing: bool) -> AsyncIterator[bytes]:
    """Send something and then wait, or fail."""
    yield b"first"
    if failing:
        raise RuntimeError("the second is missing")
    for _ in range(1_000):
        await asyncio.sleep(0.01)
        yield b"next"


@pytest.mark.parametrize(
    ("failing", "outcome"), [(False, "client left"), (True, "cut off")], ids=["left", "failed"]
)
async def test_a_response_that_was_not_sent_to_its_end(
    router: APIRouter, *, failing: bool, outcome: str
) -> None:
    """The status alone says that all is well; it was sent before."""

    @router.get("/export")
    async def export() -> StreamingResponse:
        return StreamingResponse(slowly(failing=failing))

    @router.get("/whole")
    async def whole() -> str:
        return "all"

    with capture_logs() as logs, listening(service(router)) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /export HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await reader.readuntil(b"first")
        writer.close()
        await exchange(port, b"GET /whole HTTP/1.1\r\nHost: localhost\r\n\r\n")
    found = {each["path"]: each for each in logs if each["event"] == "request"}
    assert (found["/export"]["status"], found["/export"]["outcome"]) == (200, outcome)
    assert "outcome" not in found["/whole"]


class SentByTheServer(Response):
    """A file that the server sends by itself."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.pathsend", "path": __file__})


async def test_a_file_that_the_server_sends_is_whole(router: APIRouter) -> None:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    @router.get("/sent")
    async def read() -> Response:
        return SentByTheServer()

    with capture_logs() as logs:
        await service(router)(asgi_scope("/sent"), receive, send)
    assert sent[-1]["type"] == "http.response.pathsend"
    (line,) = (each for each in logs if each["event"] == "request")
    assert "outcome" not in line
