"""Routes as plain data."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI, WebSocket

from fastgres.dev import list_routes


def test_routes_of_included_routers_have_their_whole_path() -> None:
    """However deep they are nested, in the order of trying."""
    inner = APIRouter(prefix="/items", tags=["items"])

    @inner.post("", status_code=201)
    async def add_item() -> dict[str, int]:
        return {}

    outer = APIRouter(prefix="/orders")
    outer.include_router(inner)
    application = FastAPI(openapi_url=None)
    application.include_router(outer)
    (row,) = list_routes(application)
    assert (row.path, row.methods, row.status_code) == ("/orders/items", ("POST",), 201)
    assert (row.tags, row.response_model) == (("items",), "dict[str, int]")


def test_mounts_and_websockets_have_no_method() -> None:
    """They are listed all the same: they answer."""
    application = FastAPI(openapi_url=None)
    application.mount("/files", FastAPI())

    @application.websocket("/feed")
    async def feed(socket: WebSocket) -> None:
        await socket.close()

    assert {(row.path, row.methods) for row in list_routes(application)} == {
        ("/files", ()),
        ("/feed", ()),
    }
