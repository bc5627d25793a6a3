"""One request and its response: ids, errors wherever they come from, what leaves and what not."""

from __future__ import annotations

import asyncio
import inspect
import json
import re
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from fastapi import APIRouter, BackgroundTasks, FastAPI, HTTPException, Request
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse

from fastgres.errors import ConflictError, NotFoundError, UnavailableError
from fastgres.observability import configure_logging, current_request_id, current_traceparent
from fastgres.settings import Settings
from tests.http.conftest import asgi_scope, ignored, nothing_more, service
from tests.http.listening import exchange, listening, read_response

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import ASGIApp, Receive, Scope, Send

    from tests.http.conftest import Serve

MADE = re.compile(r"[0-9a-f]{32}")


def log_json() -> None:
    """Log as in production."""
    configure_logging(Settings(environment="test", log_format="json"))


def events(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Return what was logged about errors."""
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    return [line for line in lines if line["logger"] == "fastgres.http.mishap"]


@pytest.mark.parametrize("given", ["abc", "A-1_b.2", "x" * 128])
async def test_well_formed_request_id_is_kept(given: str, router: APIRouter, serve: Serve) -> None:
    @router.get("/id")
    async def read() -> str | None:
        return current_request_id()

    reply = await (await serve(router)).get("/id", headers={"X-Request-ID": given})
    assert reply.headers["X-Request-ID"] == given
    assert reply.json() == given


@pytest.mark.parametrize("given", ["", "a b", "a\tb", "x" * 129, "ä", '"a"', "a;b", "a\r"])
async def test_other_request_id_is_replaced(given: str, router: APIRouter, serve: Serve) -> None:
    client = await serve(router)
    headers = [(b"host", b"testserver"), (b"x-request-id", given.encode())]
    reply = await client.get("/livez", headers=headers)
    assert MADE.fullmatch(reply.headers["X-Request-ID"])


async def test_trace_of_the_client_is_that_of_its_request_alone(
    router: APIRouter, serve: Serve
) -> None:
    @router.get("/trace")
    async def trace() -> str | None:
        return current_traceparent()

    client = await serve(router)
    given = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    assert (await client.get("/trace", headers={"traceparent": given})).json() == given
    assert (await client.get("/trace")).json() is None
    assert (await client.get("/trace", headers={"traceparent": "nonsense"})).json() is None


async def test_request_ids_do_not_leak_from_one_request_into_another(
    router: APIRouter, serve: Serve
) -> None:
    both = asyncio.Barrier(2)

    @router.get("/id")
    async def read() -> str | None:
        await both.wait()
        return current_request_id()

    client = await serve(router)
    replies = await asyncio.gather(
        *(client.get("/id", headers={"X-Request-ID": one}) for one in ("one", "two"))
    )
    assert [reply.json() for reply in replies] == ["one", "two"]
    assert current_request_id() is None


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "not_found"),
        ("DELETE", "/things/1", 405, "method_not_allowed"),
        ("GET", "/things/x", 422, "invalid_request"),
        ("GET", "/things/2", 404, "not_found"),
        ("GET", "/things/3", 409, "conflict"),
        ("GET", "/things/4", 418, "im_a_teapot"),
        ("GET", "/things/5", 503, "unavailable"),
        ("GET", "/things/6", 500, "internal_error"),
        ("GET", "/things/7", 500, "internal_error"),
        ("GET", "/things/8", 503, "service_is_away"),
    ],
)
async def test_every_error_is_a_problem(
    method: str, path: str, status: int, code: str, *, serve: Serve
) -> None:
    class AwayError(UnavailableError):
        code = "service_is_away"

    router = APIRouter()
    raised: dict[int, Exception] = {
        2: NotFoundError(),
        3: ConflictError(),
        4: HTTPException(418),
        5: UnavailableError(),
        6: ValueError("hunter2"),
        7: ExceptionGroup("several", [ValueError("hunter2")]),
        8: AwayError(),
    }

    @router.get("/things/{number}")
    async def read(number: int) -> int:
        raise raised[number]

    reply = await (await serve(router)).request(method, path)
    assert reply.status_code == status
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert reply.headers["Cache-Control"] == "no-store"
    document = reply.json()
    assert (document["status"], document["code"]) == (status, code)
    assert document["request_id"] == reply.headers["X-Request-ID"]
    assert "hunter2" not in reply.text
    assert ("Retry-After" in reply.headers) == (status == 503)


async def test_405_allows_every_method_of_the_path(router: APIRouter, serve: Serve) -> None:
    @router.get("/things/{number}")
    async def read(number: int) -> None: ...

    @router.put("/things/{number}")
    async def write(number: int) -> None: ...

    @router.post("/things")
    async def make() -> None: ...

    outer = APIRouter(prefix="/v1")
    outer.include_router(router)
    reply = await (await serve(outer)).delete("/v1/things/1")
    assert (reply.status_code, reply.headers["Allow"]) == (405, "GET, HEAD, PUT")


async def test_error_of_http_without_a_body_has_none(router: APIRouter, serve: Serve) -> None:
    @router.get("/same")
    async def same() -> None:
        raise HTTPException(304, headers={"ETag": '"1"'})

    reply = await (await serve(router)).get("/same")
    assert (reply.status_code, reply.content, reply.headers["ETag"]) == (304, b"", '"1"')


async def test_bug_is_logged_with_its_traceback_and_the_request_id(
    router: APIRouter, serve: Serve, capsys: pytest.CaptureFixture[str]
) -> None:
    @router.get("/bug")
    async def bug() -> None:
        raise ValueError("the bug")

    log_json()
    await (await serve(router)).get("/bug", headers={"X-Request-ID": "mine"})
    (line,) = events(capsys)
    assert (line["event"], line["level"], line["request_id"], line["route"]) == (
        "unhandled error",
        "error",
        "mine",
        "/bug",
    )
    assert "ValueError: the bug" in line["stack"]


async def test_response_that_does_not_fit_is_logged_without_its_values(
    router: APIRouter, serve: Serve, capsys: pytest.CaptureFixture[str]
) -> None:
    @router.get("/secret", response_model=int)
    async def secret() -> Any:
        return "hunter2"

    log_json()
    reply = await (await serve(router)).get("/secret")
    (line,) = events(capsys)
    assert (reply.status_code, line["event"]) == (500, "response not valid")
    assert line["errors"][0]["type"] == "int_parsing"
    assert line["endpoint"] == "GET /secret"
    assert "hunter2" not in json.dumps(line)


async def test_error_of_middleware_added_by_others_is_a_problem_too(router: APIRouter) -> None:
    class Broken:
        def __init__(self, app: ASGIApp) -> None:
            self.app = app

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            raise ValueError("in the middleware")

    app = service(router)
    app.add_middleware(Broken)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        reply = await client.get("/livez")
    assert (reply.status_code, reply.json()["code"]) == (500, "internal_error")


@pytest.mark.parametrize("debug", [True, False])
async def test_debug_shows_the_cause_and_nothing_else_does(debug: bool, router: APIRouter) -> None:
    """Starlette's debug page would show the source and every local variable."""

    @router.get("/bug")
    async def bug() -> None:
        raise ValueError("no postgresql://app:hunter2@db/shop")

    app = service(router, debug=debug)
    app.debug = True
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        reply = await client.get("/bug", headers={"Accept": "text/html"})
        typed = await client.get("/nothing")
    assert reply.headers["Content-Type"] == "application/problem+json"
    shown = "ValueError: no postgresql://app:***@db/shop" if debug else None
    assert reply.json().get("cause") == shown
    assert "hunter2" not in reply.text
    assert "cause" not in typed.json()


async def test_error_in_plain_text_becomes_a_problem(router: APIRouter, serve: Serve) -> None:
    """What Starlette's own parts answer, and applications mounted inside."""

    @router.get("/plain")
    async def plain() -> Response:
        return PlainTextResponse("No.", 403, {"X-Mine": "kept", "Retry-After": "9"})

    reply = await (await serve(router)).get("/plain")
    assert (reply.status_code, reply.json()["code"]) == (403, "forbidden")
    assert (reply.headers["X-Mine"], reply.headers["Retry-After"]) == ("kept", "9")


@pytest.mark.skipif(
    "max_body_size" not in inspect.signature(APIRouter.post).parameters,
    reason="the oldest FastAPI has no limits of single routes",
)
async def test_limit_of_one_route_is_a_problem_too(router: APIRouter, serve: Serve) -> None:
    @router.post("/small", max_body_size=10)
    async def small(body: list[int]) -> None: ...

    reply = await (await serve(router)).post("/small", json=[1] * 100)
    assert (reply.status_code, reply.json()["code"]) == (413, "payload_too_large")


async def test_problem_of_another_kind_is_left_alone(router: APIRouter, serve: Serve) -> None:
    @router.get("/html")
    async def html() -> Response:
        return Response("<h1>No</h1>", 403, media_type="text/html")

    assert (await (await serve(router)).get("/html")).text == "<h1>No</h1>"


async def test_bug_in_a_background_task_is_logged_and_answered_before(
    router: APIRouter, capsys: pytest.CaptureFixture[str]
) -> None:
    async def fail() -> None:
        raise ValueError("too late")

    @router.get("/later")
    async def later(background: BackgroundTasks) -> str:
        background.add_task(fail)
        return "fine"

    log_json()
    with listening(service(router)) as port:
        request = b"GET /later HTTP/1.1\r\nHost: localhost\r\n\r\n"
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(2):
            writer.write(request)
            status, _, body = await read_response(reader)
            assert (status, body) == (200, b'"fine"')
        writer.close()
    bugs = [line for line in events(capsys) if line["level"] == "error"]
    assert [line["error"] for line in bugs] == ["ValueError"] * 2


async def test_response_that_breaks_off_is_not_passed_off_as_whole(router: APIRouter) -> None:
    @router.get("/stream")
    async def stream() -> StreamingResponse:
        async def body() -> AsyncIterator[bytes]:
            yield b"half"
            raise ValueError("in the middle")

        return StreamingResponse(body(), headers={"Content-Length": "8"})

    app = service(router)
    with listening(app) as port, pytest.raises(asyncio.IncompleteReadError):
        await exchange(port, b"GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
    with pytest.raises(ValueError, match="in the middle"):
        await app(asgi_scope("/stream"), nothing_more, ignored)


async def test_keep_alive_survives_errors(router: APIRouter) -> None:
    @router.get("/bug")
    async def bug() -> None:
        raise ValueError("a bug")

    with listening(service(router)) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for path, expected in (("bug", 500), ("nothing", 404), ("livez", 200)):
            writer.write(f"GET /{path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            status, headers, _ = await read_response(reader)
            assert status == expected
            assert "connection" not in headers
        writer.close()


async def test_draining_service_answers_and_lets_its_connections_go(router: APIRouter) -> None:
    app = service(router)
    app.state.lifecycle.drain()
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        reply = await client.get("/livez")
    assert (reply.status_code, reply.headers["Connection"]) == (200, "close")


async def test_strange_host_is_a_problem_but_a_probe_by_address_is_not(
    router: APIRouter, serve: Serve
) -> None:
    """Kubelet asks by the address of the pod."""
    client = await serve(router)
    reply = await client.get("/docs", headers={"Host": "evil.example"})
    assert (reply.status_code, reply.json()["reason"]) == (400, "host")
    assert (await client.get("/livez", headers={"Host": "10.0.0.7:8000"})).status_code == 200


async def test_mounted_application_is_inside_the_boundary(router: APIRouter, serve: Serve) -> None:
    inner = FastAPI()

    @inner.get("/bug")
    async def bug() -> None:
        raise ValueError("hunter2")

    router.mount("/inner", inner)
    reply = await (await serve(router)).get("/inner/bug")
    assert (reply.status_code, reply.json()["code"]) == (500, "internal_error")


async def test_replaced_error_keeps_no_header_about_its_body(router: APIRouter) -> None:
    """A plain problem labelled as gzip is unreadable for every client."""

    @router.get("/plain")
    async def plain() -> Response:
        about = {"ETag": '"1"', "Content-Range": "bytes 0-1/2", "Cache-Control": "max-age=60"}
        return PlainTextResponse("x" * 3000, 400, {**about, "X-Mine": "kept"})

    app = service(router)
    app.add_middleware(GZipMiddleware)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        reply = await client.get("/plain")
    assert (reply.json()["code"], reply.headers["X-Mine"]) == ("bad_request", "kept")
    assert reply.headers["Cache-Control"] == "no-store"
    assert not {"content-encoding", "content-range", "etag"} & set(reply.headers)


async def test_header_with_a_line_break_is_a_bug_and_answered(
    router: APIRouter, capsys: pytest.CaptureFixture[str]
) -> None:
    """The server would refuse the start, and the client would get an empty reply."""

    @router.get("/file")
    async def file() -> Response:
        return Response("x", headers={"X-Name": "a\r\nSet-Cookie: b=c"})

    log_json()
    with listening(service(router)) as port:
        status, headers, body = await exchange(
            port, b"GET /file HTTP/1.1\r\nHost: localhost\r\n\r\n"
        )
    assert (status, json.loads(body)["code"]) == (500, "internal_error")
    assert not {"x-name", "set-cookie"} & set(headers)
    (line,) = events(capsys)
    assert "The response header 'x-name'" in line["stack"]


async def test_error_with_a_broken_header_is_told_without_it(router: APIRouter) -> None:
    class Broken:
        def __init__(self, app: ASGIApp) -> None:
            self.app = app

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            raise NotFoundError(headers={"X-Name": "a\r\nb"})

    app = service(router)
    app.add_middleware(Broken)
    with listening(app) as port:
        status, headers, _ = await exchange(port, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert status == 404
    assert "x-name" not in headers


async def test_awaiting_a_task_cancelled_by_the_handler_is_a_bug(
    router: APIRouter, serve: Serve, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody cancels the request, and the service is not shutting down."""

    @router.get("/own")
    async def own() -> None:
        task = asyncio.ensure_future(asyncio.Event().wait())
        task.cancel()
        await task

    log_json()
    reply = await (await serve(router)).get("/own")
    assert (reply.status_code, reply.json()["code"]) == (500, "internal_error")
    (line,) = events(capsys)
    assert (line["event"], line["error"]) == ("unhandled error", "CancelledError")
    assert "await task" in line["stack"]


@pytest.mark.parametrize("key", [Exception, 500])
@pytest.mark.parametrize("kind", ["async", "sync"])
async def test_handler_of_bugs_answers_for_them(
    key: Any, kind: str, router: APIRouter, *, capsys: pytest.CaptureFixture[str]
) -> None:
    """Starlette would call it outside of the boundary, where no bug arrives any more."""

    @router.get("/bug")
    async def bug() -> None:
        raise ValueError("a bug")

    def answer(request: Request, error: Exception) -> Response:
        return JSONResponse({"mine": f"{request.url.path} {error}"}, 500)

    async def answer_later(request: Request, error: Exception) -> Response:
        return answer(request, error)

    app = service(router)
    app.add_exception_handler(key, answer if kind == "sync" else answer_later)
    log_json()
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        reply = await client.get("/bug", headers={"X-Request-ID": "mine"})
    assert (reply.status_code, reply.json()) == (500, {"mine": "/bug a bug"})
    assert (reply.headers["X-Request-ID"], reply.headers["X-Frame-Options"]) == ("mine", "DENY")
    assert [line["event"] for line in events(capsys)] == ["unhandled error"]


async def test_handler_of_bugs_that_has_one_itself_is_answered_for(
    router: APIRouter, capsys: pytest.CaptureFixture[str]
) -> None:
    @router.get("/bug")
    async def bug() -> None:
        raise ValueError("a bug")

    app = service(router)

    @app.exception_handler(Exception)
    async def fail(request: Request, error: Exception) -> Response:
        raise KeyError("in the handler")

    log_json()
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        reply = await client.get("/bug")
    assert (reply.status_code, reply.json()["code"]) == (500, "internal_error")
    assert [line["error"] for line in events(capsys)] == ["ValueError", "KeyError"]


async def test_handler_of_bugs_hears_of_a_response_that_breaks_off(router: APIRouter) -> None:
    heard: list[Exception] = []

    @router.get("/stream")
    async def stream() -> StreamingResponse:
        async def body() -> AsyncIterator[bytes]:
            yield b"half"
            raise ValueError("in the middle")

        return StreamingResponse(body())

    app = service(router)

    @app.exception_handler(Exception)
    async def hear(request: Request, error: Exception) -> Response:
        heard.append(error)
        return Response("too late")

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    with pytest.raises(ValueError, match="in the middle"):
        await app(asgi_scope("/stream"), nothing_more, send)
    assert [str(error) for error in heard] == ["in the middle"]
    assert [one.get("body") for one in sent] == [None, b"half"]


class TestKnownHost:
    """Once a host is known, a request to it is looked at less closely; never too little."""

    @pytest.fixture
    async def client(self, router: APIRouter, serve: Serve) -> httpx.AsyncClient:
        @router.post("/things")
        async def make(body: list[int]) -> list[int]:
            return body

        client = await serve(router, max_body_size=100, cors_origins=["https://shop.example"])
        assert (await client.get("/livez")).status_code == 200
        return client

    async def test_second_host_is_refused(self, client: httpx.AsyncClient) -> None:
        headers = [("Host", "testserver"), ("Host", "testserver")]
        reply = await client.get("/docs", headers=headers)
        assert (reply.status_code, reply.json()["reason"]) == (400, "host")

    async def test_strange_host_is_refused(self, client: httpx.AsyncClient) -> None:
        reply = await client.get("/docs", headers={"Host": "evil.example"})
        assert (reply.status_code, reply.json()["reason"]) == (400, "host")

    @pytest.mark.parametrize("chunked", [False, True])
    async def test_body_is_bounded(self, chunked: bool, client: httpx.AsyncClient) -> None:
        async def chunks() -> AsyncIterator[bytes]:
            yield b"x" * 101

        reply = await client.post("/things", content=chunks() if chunked else b"x" * 101)
        assert (reply.status_code, reply.json()["code"]) == (413, "payload_too_large")

    async def test_preflight_is_answered(self, client: httpx.AsyncClient) -> None:
        asked = {"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}
        reply = await client.options("/things", headers=asked)
        assert (reply.status_code, reply.text) == (200, "OK")

    async def test_repeated_header_of_another_name_is_none_of_our_business(
        self, client: httpx.AsyncClient
    ) -> None:
        headers = [("Accept", "a/b"), ("Accept", "c/d"), ("X-Request-ID", "mine")]
        reply = await client.get("/livez", headers=headers)
        assert (reply.status_code, reply.headers["X-Request-ID"]) == (200, "mine")
