"""A service that the tests of this folder run as a process of its own."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fastapi import APIRouter, FastAPI

from fastgres.app import create_app as build
from fastgres.app import serve
from fastgres.settings import Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

router = APIRouter()
released = asyncio.Event()


@asynccontextmanager
async def listening_for_release(_: FastAPI) -> AsyncIterator[None]:
    """Let SIGUSR1 release the requests that are held; say when the service is up and when down."""
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, released.set)
    say(f"up {os.getpid()}")
    yield
    say("down")


@router.get("/hold")
async def hold() -> str:
    """Answer once SIGUSR1 came."""
    say(f"held {os.getpid()}")
    await released.wait()
    return "released"


def say(line: str) -> None:
    """Tell the test; one write, so that lines of several workers do not mix."""
    os.write(1, f"{line}\n".encode())


def create_app() -> FastAPI:
    """Be the factory that uvicorn calls in each worker."""
    return build(
        load_settings(Settings), title="Held", routers=[router], lifespan=listening_for_release
    )


def main() -> None:
    """Serve, and say so when that is over."""
    serve("tests.app.service:create_app", load_settings(Settings))
    say("returned")
