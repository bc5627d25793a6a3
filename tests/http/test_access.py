"""The access line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from fastapi import APIRouter

from fastgres.http.access import redact_query
from fastgres.observability import configure_logging
from fastgres.settings import Settings

if TYPE_CHECKING:
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
