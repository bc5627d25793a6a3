"""The short way: the same as the long one, for requests that can be answered as a whole."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from fastapi import APIRouter, FastAPI
from starlette.responses import PlainTextResponse

from fastgres.errors import ConflictError
from fastgres.http import Boundary
from fastgres.observability import configure_logging, current_request_id
from fastgres.settings import Settings
from tests.http.conftest import asgi_scope, nothing_more, service

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

OURS = b"https://shop.example"


class Short:
    """Answer for `/short`, and note what was asked."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error
        self.ids: list[str | None] = []
        self.active: list[int] = []
        self.marked = 0

    def find(self, scope: Scope) -> str | None:
        """Find one path."""
        return "found" if scope["path"] == "/short" else None

    async def answer(self, found: Any, scope: Scope, receive: Receive) -> Any:
        """Answer, or fail."""
        assert found == "found"
        self.ids.append(current_request_id())
        self.active.append(scope["app"].state.lifecycle.active)
        if self.error is not None:
            raise self.error
        return 200, [(b"content-length", b"5"), (b"content-type", b"text/x")], b"short"

    def mark(self, found: Any, scope: Scope) -> None:
        """Count how often somebody looks."""
        self.marked += 1

    async def fail(self, error: Exception, scope: Scope, receive: Receive, *, send: Send) -> None:
        """Let the boundary answer."""
        raise error


def shortened(error: BaseException | None = None, **values: Any) -> tuple[FastAPI, Short]:
    """Make a service with a short way."""
    app = service(APIRouter(), **values)
    app.mount("/", PlainTextResponse("long"))
    boundary = app.middleware_stack = app.build_middleware_stack()
    assert isinstance(boundary, Boundary)
    short = Short(error)
    boundary.offer(short)
    return app, short


async def ask(
    app: FastAPI, path: str = "/short", *headers: tuple[bytes, bytes]
) -> tuple[int, dict[bytes, bytes], bytes]:
    """Send one request."""
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = asgi_scope(path)
    scope["headers"] = [*scope["headers"], *headers]
    await app(scope, receive, send)
    body = b"".join(message["body"] for message in sent[1:])
    assert len(dict(sent[0]["headers"])) == len(sent[0]["headers"])
    return sent[0]["status"], dict(sent[0]["headers"]), body


async def test_it_is_taken_once_the_host_is_known() -> None:
    app, _ = shortened()
    assert (await ask(app))[2] == b"long"
    assert (await ask(app))[2] == b"short"
    assert (await ask(app, "/other"))[2] == b"long"


async def test_response_carries_what_every_response_does() -> None:
    app, short = shortened(cors_origins=[OURS.decode()])
    for headers in ([], [(b"origin", OURS)], [(b"origin", b"https://evil.example")]):
        long = (await ask(app, "/other", *headers))[1]
        here = (await ask(app, "/short", *headers))[1]
        own = {b"content-length", b"content-type", b"x-request-id"}
        assert {name: here[name] for name in here.keys() - own} == {
            name: long[name] for name in long.keys() - own
        }
        assert here.keys() == long.keys()
        assert len(here[b"x-request-id"]) == 32
    assert short.ids[-1] is not None


async def test_origin_that_is_not_known_yet_takes_the_long_way() -> None:
    app, _ = shortened(cors_origins=[OURS.decode()])
    await ask(app)
    assert (await ask(app, "/short", (b"origin", OURS)))[2] == b"long"
    assert (await ask(app, "/short", (b"origin", OURS)))[2] == b"short"


@pytest.mark.parametrize(
    "header",
    [
        (b"content-length", b"0"),
        (b"transfer-encoding", b"chunked"),
        (b"host", b"localhost"),
        (b"accept", b"a/b"),
    ],
)
async def test_request_that_needs_a_closer_look_takes_the_long_way(
    header: tuple[bytes, bytes],
) -> None:
    app, _ = shortened()
    await ask(app)
    _, _, body = await ask(app, "/short", header, (b"accept", b"c/d"))
    assert body != b"short"


async def test_traced_request_takes_the_long_way() -> None:
    app, _ = shortened()
    await ask(app)
    boundary = app.middleware_stack
    assert isinstance(boundary, Boundary)
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {**asgi_scope("/short"), "app": app, "fastapi.telemetry": None}
    await boundary(scope, nothing_more, send)
    assert sent[-1]["body"] == b"long"


async def test_layer_that_somebody_puts_inside_sees_every_request() -> None:
    app, _ = shortened()
    await ask(app)
    boundary = app.middleware_stack
    assert isinstance(boundary, Boundary)
    boundary.app = PlainTextResponse("inside")
    assert (await ask(app))[2] == b"inside"


async def test_leaving_service_takes_the_long_way() -> None:
    app, _ = shortened()
    await ask(app)
    app.state.lifecycle.drain()
    _, headers, body = await ask(app)
    assert (headers[b"connection"], body) == (b"close", b"long")


async def test_request_has_its_id_and_is_counted() -> None:
    app, short = shortened()
    await ask(app)
    for given, expected in ((b"mine", "mine"), (b"not well formed", None)):
        headers = (await ask(app, "/short", (b"x-request-id", given)))[1]
        assert headers[b"x-request-id"].decode() == short.ids[-1]
        assert expected is None or short.ids[-1] == expected
    assert short.active == [1, 1]
    assert app.state.lifecycle.active == 0
    assert current_request_id() is None


@pytest.mark.parametrize("level", ["INFO", "WARNING"])
async def test_route_is_looked_up_for_the_access_line_alone(
    level: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging(Settings(environment="test", log_format="json", log_level=level))
    app, short = shortened()
    await ask(app)
    await ask(app, "/short", (b"x-request-id", b"mine"))
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert short.marked == (level == "INFO")
    assert [line["bytes"] for line in lines] == ([4, 5] if level == "INFO" else [])
    assert all(line["request_id"] == "mine" for line in lines[1:])


@pytest.mark.parametrize(
    ("error", "status", "events"),
    [
        (ConflictError("Taken."), 409, ["request"]),
        (ValueError("hunter2"), 500, ["unhandled error", "request"]),
    ],
)
async def test_error_is_answered_as_on_the_long_way(
    error: Exception, status: int, events: list[str], *, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging(Settings(environment="test", log_format="json"))
    app, short = shortened(error)
    await ask(app)
    capsys.readouterr()
    found, headers, body = await ask(app, "/short", (b"x-request-id", b"mine"))
    assert (found, headers[b"content-type"]) == (status, b"application/problem+json")
    assert json.loads(body)["request_id"] == "mine"
    assert b"hunter2" not in body
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["event"] for line in lines] == events
    assert all(line["request_id"] == "mine" for line in lines)
    assert (short.marked, app.state.lifecycle.active) == (1, 0)


async def test_request_that_the_server_cancels_is_told_so() -> None:
    app, _ = shortened()
    await ask(app)
    asking = asyncio.Event()

    class Slow(Short):
        async def answer(self, found: Any, scope: Scope, receive: Receive) -> Any:
            asking.set()
            await asyncio.Event().wait()

    boundary = app.middleware_stack
    assert isinstance(boundary, Boundary)
    boundary.offer(Slow())
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    task = asyncio.create_task(app(asgi_scope("/short"), receive, send))
    await asking.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert sent[0]["status"] == 503
    assert app.state.lifecycle.active == 0


async def test_client_that_left_is_no_reason_to_answer_again() -> None:
    app, _ = shortened()
    await ask(app)
    sent: list[Any] = []

    async def gone(message: Any) -> None:
        sent.append(message["type"])
        raise OSError("the client is gone")

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    with pytest.raises(OSError, match="gone"):
        await app(asgi_scope("/short"), receive, gone)
    assert sent == ["http.response.start"]
    assert app.state.lifecycle.active == 0
