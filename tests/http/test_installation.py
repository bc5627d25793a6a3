"""The boundary in an application of one's own."""

from __future__ import annotations

import httpx
from fastapi import FastAPI, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from fastgres.http import Lifecycle, install
from fastgres.settings import Settings


class Refusing:
    """A middleware that answers by itself."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        await Response("stop", 200)(scope, receive, send)


async def test_boundary_is_around_middleware_added_after_it() -> None:
    app = FastAPI()
    install(app, Lifecycle(Settings(environment="test")))
    app.add_middleware(Refusing)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        reply = await client.get("/livez")
    assert reply.text == "stop"
    assert "X-Request-ID" in reply.headers


def test_boundary_is_there_once_however_often_the_stack_is_built() -> None:
    app = FastAPI()
    install(app, Lifecycle(Settings(environment="test")))
    app.build_middleware_stack()
    app.build_middleware_stack()
    names = [getattr(one.cls, "__name__", "") for one in app.user_middleware]
    assert names == ["Boundary"]
