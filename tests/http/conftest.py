"""Services made of a few routes, with the boundary around them."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, Protocol

import httpx
import pytest
import pytest_asyncio
from fastapi import APIRouter, FastAPI

from fastgres.http import Lifecycle, install
from fastgres.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from fastgres.db import Database


class Serve(Protocol):
    """Make a client of a service with these routes; the rest are settings."""

    async def __call__(self, router: APIRouter, /, **settings: Any) -> httpx.AsyncClient:
        """Return the client, closed after the test."""
        ...


def service(router: APIRouter, *, database: Database | None = None, **values: Any) -> FastAPI:
    """Make an application around a router, as one who has an application of their own would."""
    app = FastAPI(title="Test")
    install(app, Lifecycle(Settings(**{"environment": "test", **values}), database))
    app.include_router(router)
    return app


@pytest.fixture
def router() -> APIRouter:
    """A router to hang the routes of a test on."""
    return APIRouter()


@pytest_asyncio.fixture
async def serve() -> AsyncIterator[Serve]:
    """Make clients that are closed after the test."""
    async with AsyncExitStack() as stack:

        async def make(router: APIRouter, /, **values: Any) -> httpx.AsyncClient:
            app = service(router, **values)
            transport = httpx.ASGITransport(app)
            client = httpx.AsyncClient(transport=transport, base_url="http://testserver")
            return await stack.enter_async_context(client)

        yield make


def asgi_scope(path: str) -> dict[str, Any]:
    """Make the scope of a GET."""
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "GET",
        "path": path,
        "root_path": "",
        "scheme": "http",
        "query_string": b"",
        "headers": [(b"host", b"localhost")],
        "client": None,
        "server": None,
    }


async def nothing_more() -> dict[str, Any]:
    """Receive an empty body."""
    return {"type": "http.request", "body": b"", "more_body": False}


async def ignored(_: Any) -> None:
    """Send to nobody."""
