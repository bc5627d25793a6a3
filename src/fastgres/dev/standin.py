"""What answers while the code of the service is broken."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import uvicorn

from fastgres.db import uuid7
from fastgres.errors import UnavailableError
from fastgres.http import Problem

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send


def stand_in(cause: str, sockets: list[socket.socket] | None) -> None:
    """Answer every request 503 with the cause, until a change brings the service back.

    Otherwise the supervisor's socket takes connections that nobody answers, and a browser waits
    for ever.
    """
    config = uvicorn.Config(_broken(cause), lifespan="off", log_config=None, access_log=False)
    uvicorn.Server(config).run(sockets=sockets)


def _broken(cause: str) -> ASGIApp:
    content = Problem(
        type="about:blank",
        title=UnavailableError.title,
        status=UnavailableError.status,
        detail=f"The service does not start: {cause} It waits for a change of the code.",
        code=UnavailableError.code,
        request_id=uuid7().hex,
    )
    body = content.model_dump_json(exclude_none=True).encode()
    headers = [(b"content-type", b"application/problem+json"), (b"retry-after", b"1")]

    async def answer(scope: Scope, _receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            status = UnavailableError.status
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": body})

    return answer
