"""Several workers on one port."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from tests.app.process import running

pytestmark = pytest.mark.timeout(400)  # processes on a busy machine take their time to start


async def test_every_worker_drains_and_none_stays() -> None:
    async with running(workers=2, drain_delay=0.5) as service:
        workers = {await service.hears("up"), await service.hears("up")}
        assert len(workers) == 2
        request = asyncio.create_task(service.ask("/hold"))
        worker = await service.hears("held")
        assert worker in workers
        service.signal(signal.SIGTERM)
        await service.until("/livez", 0)
        os.kill(worker, signal.SIGUSR1)
        assert await request == 200
        await service.hears("returned")
        assert await service.ended() == 0
        assert not any(alive(one) for one in workers)


async def test_ctrl_c_of_a_terminal_drains_although_it_reaches_everybody() -> None:
    """A worker gets SIGINT from the terminal and SIGTERM from its parent, and is not forced."""
    async with running(workers=2, drain_delay=0.5) as service:
        workers = {await service.hears("up"), await service.hears("up")}
        request = asyncio.create_task(service.ask("/hold"))
        worker = await service.hears("held")
        os.killpg(service.process.pid, signal.SIGINT)
        await service.until("/livez", 0)
        os.kill(worker, signal.SIGUSR1)
        assert await request == 200
        assert await service.ended() == 0
        assert not any(alive(one) for one in workers)


async def test_second_signal_ends_workers_that_hang() -> None:
    async with running(workers=2, drain_delay=0, shutdown_timeout=600) as service:
        workers = {await service.hears("up"), await service.hears("up")}
        request = asyncio.create_task(service.ask("/hold"))
        await service.hears("held")
        service.signal(signal.SIGTERM)
        await service.until("/livez", 0)
        service.signal(signal.SIGTERM)
        assert await service.ended() == 0
        assert await request == 0
        assert not any(alive(one) for one in workers)


def alive(pid: int) -> bool:
    """Tell whether a process is still there."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
