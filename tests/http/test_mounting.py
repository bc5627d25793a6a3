"""Applications mounted inside."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI, HTTPException, Request, WebSocket
from fastapi.responses import JSONResponse
from starlette.applications import Starlette
from starlette.routing import Route

from fastgres.errors import ConflictError, NotFoundError
from fastgres.http import DatabaseDep, LifecycleDep, SessionDep
from fastgres.observability import configure_logging
from fastgres.settings import Settings
from tests.http.conftest import service
from tests.http.test_boundary import talk

if TYPE_CHECKING:
    from fastgres.db import Database
    from tests.http.conftest import Serve


def inner_application() -> FastAPI:
    """Make a plain application in which much goes wrong."""
    app = FastAPI()

    @app.get("/typed")
    async def typed() -> None:
        raise NotFoundError("No such thing.")

    @app.get("/http")
    async def http() -> None:
        raise HTTPException(404, "gone")

    @app.get("/bug")
    async def bug() -> None:
        raise ValueError("hunter2")

    @app.get("/input")
    async def read(number: int) -> int:
        return number

    @app.get("/database")
    async def ask(session: SessionDep, database: DatabaseDep) -> int:
        return len(session.uncommitted())

    return app


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Return what the service logged, without the lines of its client."""
    found = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    return [line for line in found if line["logger"] != "httpx"]


def log_json() -> None:
    """Log as in production."""
    configure_logging(Settings(environment="test", log_format="json"))


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("typed", 404, "not_found"),
        ("http", 404, "not_found"),
        ("nothing", 404, "not_found"),
        ("input?number=hunter2", 422, "invalid_request"),
        ("bug", 500, "internal_error"),
    ],
)
@pytest.mark.parametrize("depth", ["/inner", "/outer/inner"])
async def test_error_inside_is_a_problem(
    path: str, status: int, code: str, *, depth: str, router: APIRouter, serve: Serve
) -> None:
    outer = FastAPI()
    outer.mount("/inner", inner_application())
    router.mount("/outer", outer)
    router.mount("/inner", inner_application())
    reply = await (await serve(router)).get(f"{depth}/{path}")
    assert (reply.status_code, reply.json()["code"]) == (status, code)
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert reply.json()["request_id"] == reply.headers["X-Request-ID"]
    assert "hunter2" not in reply.text


async def test_bug_inside_is_logged_once_and_as_such(
    router: APIRouter, serve: Serve, capsys: pytest.CaptureFixture[str]
) -> None:
    router.mount("/inner", inner_application())
    log_json()
    await (await serve(router)).get("/inner/bug")
    events = [line["event"] for line in lines(capsys) if line["level"] == "error"]
    assert events == ["unhandled error"]


async def test_405_inside_allows_every_method_of_the_path(router: APIRouter, serve: Serve) -> None:
    router.mount("/inner", inner_application())
    reply = await (await serve(router)).post("/inner/typed")
    assert (reply.status_code, reply.headers["Allow"]) == (405, "GET")


async def test_plain_starlette_application_answers_problems_too(
    router: APIRouter, serve: Serve
) -> None:
    async def fail(_: Request) -> JSONResponse:
        raise ConflictError("taken")

    router.mount("/inner", Starlette(routes=[Route("/fail", fail)]))
    client = await serve(router)
    assert (await client.get("/inner/fail")).json()["code"] == "conflict"
    assert (await client.get("/inner/nothing")).json()["code"] == "not_found"


async def test_handlers_of_its_own_are_left_to_it(router: APIRouter, serve: Serve) -> None:
    inner = inner_application()

    @inner.exception_handler(NotFoundError)
    @inner.exception_handler(HTTPException)
    @inner.exception_handler(Exception)
    async def mine(_: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"mine": type(error).__name__}, 418)

    router.mount("/inner", inner)
    client = await serve(router)
    said = [(await client.get(f"/inner/{one}")).json()["mine"] for one in ("typed", "http", "bug")]
    assert said == ["NotFoundError", "HTTPException", "ValueError"]


async def test_session_and_database_are_those_of_the_service(
    router: APIRouter, serve: Serve, database: Database
) -> None:
    router.mount("/inner", inner_application())
    reply = await (await serve(router, database=database)).get("/inner/database")
    assert (reply.status_code, reply.json()) == (200, 0)


async def test_websocket_inside_finds_the_settings(router: APIRouter) -> None:
    inner = FastAPI()

    @inner.websocket("/echo")
    async def echo(socket: WebSocket, lifecycle: LifecycleDep) -> None:
        await socket.accept()
        await socket.send_text(lifecycle.settings.environment)
        await socket.close()

    router.mount("/inner", inner)
    assert (await talk(router, path="/inner/echo"))[1]["text"] == "test"


async def test_service_inside_a_service_shares_the_request_id_and_the_access_line(
    router: APIRouter, serve: Serve, capsys: pytest.CaptureFixture[str]
) -> None:
    router.mount("/inner", service(APIRouter()))
    client = await serve(router)
    log_json()
    reply = await client.get("/inner/nothing")
    assert reply.headers.get_list("X-Request-ID") == [reply.json()["request_id"]]
    (line,) = lines(capsys)
    assert (line["path"], line["request_id"]) == ("/inner/nothing", reply.json()["request_id"])


async def test_probe_and_docs_of_a_service_inside_are_known_by_their_path_in_it(
    router: APIRouter, capsys: pytest.CaptureFixture[str]
) -> None:
    app = FastAPI()
    app.mount("/inner", service(router))
    log_json()
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://10.0.0.7") as client:
        probe = await client.get("/inner/livez")
        docs = await client.get("/inner/docs", headers={"Host": "localhost"})
    assert probe.status_code == 200
    assert "cdn.jsdelivr.net" in docs.headers["Content-Security-Policy"]
    assert [line["path"] for line in lines(capsys)] == ["/inner/docs"]
