"""From SIGTERM to the end, in a process of its own."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import TYPE_CHECKING

import pytest

from fastgres.app.drain import drain_on_signal
from fastgres.http import Lifecycle
from fastgres.settings import Settings
from tests.app.process import running

if TYPE_CHECKING:
    from tests.app.process import Process

pytestmark = pytest.mark.timeout(400)  # processes on a busy machine take their time to start


async def held(service: Process) -> tuple[asyncio.Task[int], int]:
    """Have a request that waits; return it and the worker it waits in."""
    request = asyncio.create_task(service.ask("/hold"))
    return request, await service.hears("held")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_running_request_is_answered_after_the_listener_has_closed(
    number: signal.Signals, database_url: str
) -> None:
    async with running(drain_delay=0.5, database_url=database_url) as service:
        assert await service.ask("/readyz") == 200
        request, worker = await held(service)
        service.signal(number)
        await service.until("/readyz", 503)
        assert await service.ask("/livez") == 200
        await service.until("/livez", 0)
        assert not request.done()
        os.kill(worker, signal.SIGUSR1)
        assert await request == 200
        await service.hears("down")
        await service.hears("returned")
        assert await service.ended() == 0
        assert '"event": "stopped"' in await service.log()


async def test_same_signal_again_leaves_at_once() -> None:
    async with running(drain_delay=0, shutdown_timeout=600) as service:
        request, _ = await held(service)
        service.signal(signal.SIGTERM)
        await service.until("/livez", 0)
        service.signal(signal.SIGTERM)
        assert await service.ended() == 0
        assert await request == 503


async def test_request_that_never_ends_is_cut_off() -> None:
    async with running(drain_delay=0, shutdown_timeout=0.5) as service:
        request, _ = await held(service)
        service.signal(signal.SIGTERM)
        await service.hears("down")
        assert await service.ended() == 0
        assert await request == 503


async def test_nothing_happens_to_the_signals_of_others() -> None:
    """Tests and scripts run the lifespan too, and Ctrl-C stays theirs."""
    before = signal.getsignal(signal.SIGINT)
    with drain_on_signal(Lifecycle(Settings(environment="test"))):
        assert signal.getsignal(signal.SIGINT) is before
