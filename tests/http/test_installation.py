"""The boundary in an application of one's own."""

from __future__ import annotations

from typing import Any

import httpx
from fastapi import FastAPI, Response
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from fastgres.http import Lifecycle, install
from fastgres.http.boundary import Boundary
from fastgres.settings import Settings


class Refusing:
    """A middleware that answers by itself."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        await Response("stop", 200)(scope, receive, send)


def layers_of(stack: Any) -> list[Any]:
    """Return the layers of a middleware stack, outermost first."""
    return [stack, *(layers_of(stack.app) if hasattr(stack, "app") else [])]


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
    """It takes the place of Starlette's outermost layer, which instrumentation looks for."""
    app = FastAPI()
    install(app, Lifecycle(Settings(environment="test")))
    app.build_middleware_stack()
    layers = layers_of(app.build_middleware_stack())
    assert isinstance(layers[0], ServerErrorMiddleware)
    assert [type(one) for one in layers if isinstance(one, ServerErrorMiddleware)] == [Boundary]
