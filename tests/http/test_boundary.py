"""The boundary: what it looks into, and what it lets through."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import APIRouter, WebSocket

from fastgres.errors import ConfigurationError
from fastgres.http import SessionDep
from tests.http.conftest import service


def handshake(host: str, path: str) -> dict[str, Any]:
    """Make the scope of a websocket."""
    return {
        "type": "websocket",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "ws",
        "path": path,
        "root_path": "",
        "query_string": b"",
        "headers": [(b"host", host.encode())],
        "client": None,
        "server": None,
        "subprotocols": [],
    }


async def talk(
    router: APIRouter, *, host: str = "localhost", path: str = "/echo"
) -> list[dict[str, Any]]:
    """Open a websocket, say hello, and return what came back."""
    incoming = [{"type": "websocket.connect"}, {"type": "websocket.receive", "text": "hello"}]
    outgoing: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return incoming.pop(0)

    async def send(message: Any) -> None:
        outgoing.append(message)

    await service(router)(handshake(host, path), receive, send)
    return outgoing


async def test_websocket_goes_through(router: APIRouter) -> None:
    @router.websocket("/echo")
    async def echo(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text(await socket.receive_text())
        await socket.close()

    messages = await talk(router)
    assert [one["type"] for one in messages] == [
        "websocket.accept",
        "websocket.send",
        "websocket.close",
    ]


async def test_websocket_of_a_strange_host_is_closed(router: APIRouter) -> None:
    (message,) = await talk(router, host="evil.example")
    assert (message["type"], message["code"]) == ("websocket.close", 1008)


async def test_session_in_a_websocket_is_a_clear_error(router: APIRouter) -> None:
    @router.websocket("/echo")
    async def echo(socket: WebSocket, session: SessionDep) -> None: ...

    with pytest.raises(ConfigurationError, match="In a websocket ask for DatabaseDep"):
        await talk(router)
