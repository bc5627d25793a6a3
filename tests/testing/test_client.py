"""A client without a socket, and an application that is really started and stopped."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import pytest
from fastapi import FastAPI, Request

from fastgres.testing.client import serving


async def test_the_lifespan_runs_around_the_requests() -> None:
    """What it yields is the state of each request."""
    events: list[str] = []

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[dict[str, str]]:
        events.append("started")
        yield {"greeting": "hello"}
        events.append("stopped")

    app = FastAPI(lifespan=lifespan)

    @app.get("/")
    async def greet(request: Request) -> str:
        events.append("asked")
        return str(request.state.greeting)

    async with serving(app) as client:
        assert (await client.get("/")).json() == "hello"
        assert events == ["started", "asked"]
    assert events == ["started", "asked", "stopped"]


async def test_requests_go_to_testserver() -> None:
    """A host that the settings allow."""
    app = FastAPI()

    @app.get("/")
    async def host(request: Request) -> str:
        return request.url.netloc

    async with serving(app) as client:
        assert (await client.get("/")).json() == "testserver"


async def test_a_lifespan_may_hold_a_cancel_scope() -> None:
    """Those must end in the task in which they began."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(anyio.sleep_forever)
            yield
            tasks.cancel_scope.cancel()

    async with serving(FastAPI(lifespan=lifespan)) as client:
        assert (await client.get("/nothing")).status_code == 404


async def test_a_failing_start_is_raised_as_it_is() -> None:
    """Not as a client that answers nothing."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        if "configuration" not in globals():
            raise RuntimeError("no configuration")
        yield

    with pytest.raises(RuntimeError, match="no configuration"):
        async with serving(FastAPI(lifespan=lifespan)):
            pass


async def test_a_failing_stop_is_raised_too() -> None:
    """What cannot be closed in a test cannot be closed in production."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        raise RuntimeError("cannot stop")

    with pytest.raises(RuntimeError, match="cannot stop"):
        async with serving(FastAPI(lifespan=lifespan)):
            pass
