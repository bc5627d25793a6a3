"""Schemathesis against the shop over TCP, all checks.

`EXAMPLES=200` makes it try that many requests for each operation.
"""

import asyncio
import os
import socket
import sys
import tomllib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import uvicorn
from fastapi import FastAPI

from fastgres.app import server_config
from fastgres.settings import Project
from shop.core.config import Settings
from shop.models import Base, Order
from tests.conftest import Store
from tests.factories import CustomerFactory, ProductFactory

EXAMPLES = os.environ.get("EXAMPLES", "5")


@pytest.fixture
async def address(app: FastAPI, settings: Settings) -> AsyncIterator[str]:
    """The shop on a port of its own, served as in production."""
    server = uvicorn.Server(server_config(lambda: app, settings))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        await serving


def known_rows(project: Project) -> list[Base]:
    """Make the customers, products and orders that `schemathesis.toml` names."""
    settings = tomllib.loads((project.root / "schemathesis.toml").read_text())
    named: dict[str, Any] = settings["dictionaries"]

    def ids(kind: str) -> list[UUID]:
        return [UUID(each) for each in named[kind]["values"]]

    customers = [CustomerFactory.build(id=each) for each in ids("customers")]
    products = [ProductFactory.build(id=each, stock=100_000) for each in ids("products")]
    orders = [Order(id=each, customer=customers[0], total=10, items=[]) for each in ids("orders")]
    return [*customers, *products, *orders]


@pytest.mark.clone
@pytest.mark.timeout(3600)
@pytest.mark.usefixtures("provider")
async def test_no_request_gets_an_answer_that_is_not_documented(
    address: str, store: Store, project: Project, tmp_path: Path
) -> None:
    """Good requests are accepted, bad ones refused, and every answer fits its schema."""
    await store(*known_rows(project))

    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "schemathesis.cli"),
        *("--config-file", str(project.root / "schemathesis.toml"), "run"),
        *(f"{address}/openapi.json", "--checks", "all", "--max-examples", EXAMPLES),
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(project.root)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()

    assert process.returncode == 0, output.decode()[-8000:]
