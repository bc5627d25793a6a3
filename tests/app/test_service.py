"""The application asks once whether it is observed."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx
import pytest
from opentelemetry.trace import NoOpTracerProvider
from starlette.requests import Request

from fastgres.app.service import Service
from fastgres.errors import MigrationError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, MutableMapping

    from fastapi import FastAPI


async def asked(app: Service) -> str:
    """Return what the application answers."""
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        return (await client.get("/root")).text


def service(**options: object) -> Service:
    """Make an application with one route."""
    app = Service(**options)  # type: ignore[arg-type]  # FastAPI's own

    @app.get("/root")
    async def root() -> str:
        return "here"

    return app


async def test_it_answers_before_and_after_the_question() -> None:
    app = service()
    assert await asked(app) == '"here"'
    app.settle_telemetry()
    assert not app.is_observed
    assert await asked(app) == '"here"'


async def test_it_is_observed_when_somebody_set_that_up() -> None:
    app = service(telemetry={"tracer_provider": NoOpTracerProvider()})
    app.settle_telemetry()
    assert app.is_observed
    assert await asked(app) == '"here"'


async def test_it_knows_itself_and_where_it_is_mounted() -> None:
    app = service()
    app.root_path = "/outer"
    seen: list[object] = []

    @app.get("/seen")
    async def look(request: Request) -> None:
        seen.append((request.app, request.scope["root_path"]))

    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        await client.get("/seen")
        app.settle_telemetry()
        await client.get("/seen")
    assert seen == [(app, "/outer")] * 2


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (MigrationError("Run `fastgres db tables`."), "Run `fastgres db tables`."),
        (ZeroDivisionError("a true bug"), "Traceback (most recent call last)"),
    ],
    ids=["ours", "a bug"],
)
async def test_a_failed_start_is_told_as_it_is_meant(error: Exception, says: str) -> None:
    """What to do is one sentence; forty lines of our own code above it hide it."""
    told: list[MutableMapping[str, object]] = []

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        if told == []:
            raise error
        yield

    async def send(message: MutableMapping[str, object]) -> None:
        told.append(message)

    async def receive() -> MutableMapping[str, object]:
        return {"type": "lifespan.startup"}

    with pytest.raises(type(error)):
        await service(lifespan=lifespan)({"type": "lifespan", "state": {}}, receive, send)
    [message] = told
    assert message["type"] == "lifespan.startup.failed"
    assert str(message["message"]).startswith(says)
