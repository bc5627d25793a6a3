"""The broker that is wiped has really lost what it had."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from chaos.broker import Broker, redis_server


@pytest.fixture
async def broker() -> AsyncIterator[Broker]:
    """A broker with three messages in two queues."""
    server = redis_server()
    if server is None:
        pytest.skip("no redis-server here, and no wheel with one for this Python")
    broker = Broker("test", server, ["one", "two"])
    try:
        await broker.start()
        async with Redis.from_url(broker.url) as client:
            await client.lpush("one", "a", "b")
            await client.lpush("two", "c")
        yield broker
    finally:
        await broker.close()


async def test_messages_are_doubled(broker: Broker) -> None:
    """As a broker may that delivers at least once; consumers take the copies first."""
    assert (await broker.waiting(), await broker.repeat(), await broker.waiting()) == (3, 3, 6)
    async with Redis.from_url(broker.url) as client:
        assert sorted(await client.lrange("one", -2, -1)) == [b"a", b"b"]


async def test_flushed_broker_has_nothing(broker: Broker) -> None:
    """And goes on in the same process."""
    before = broker.program.process.pid
    await broker.flush()
    assert (await broker.waiting(), broker.program.process.pid) == (0, before)


async def test_killed_broker_comes_back_empty(broker: Broker) -> None:
    """Nothing was on a disk."""
    before = broker.program.process.pid
    await broker.kill()
    assert await broker.waiting() == 0
    assert broker.program.process.pid != before
