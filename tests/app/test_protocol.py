"""What the server answers by itself."""

from __future__ import annotations

import asyncio
import socket

import pytest
import uvicorn
from fastapi import FastAPI

from fastgres.app import server_config
from fastgres.http import Problem
from fastgres.settings import Settings


@pytest.mark.parametrize("path", ["/" + "a" * 65_600, "/?q=" + "a" * 200_000])
async def test_too_long_an_address_is_a_problem_document(path: str) -> None:
    """The parser refuses it, so that no application can say what is wrong."""
    config = server_config(FastAPI, Settings(environment="test"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        reader, writer = await asyncio.open_connection(*listener.getsockname())
        writer.write(b"GET " + path.encode() + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
        head, _, content = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
        server.should_exit = True
        await serving

    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"content-type: application/problem+json" in head
    problem = Problem.model_validate_json(content)
    assert (problem.status, problem.code) == (400, "bad_request")
