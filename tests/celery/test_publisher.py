"""Publishing within a bounded time, whatever the broker does."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fastgres.celery.publisher import CeleryPublisher, options_of
from fastgres.jobs import Message
from tests.celery import brokers
from tests.celery.conftest import empty
from tests.celery.works import bound

if TYPE_CHECKING:
    from celery import Celery

    from tests.celery.brokers import Broker

pytestmark = [pytest.mark.xdist_group("celery"), pytest.mark.timeout(180)]

MESSAGES = [Message(id=number, name="effect_once", queue="exact") for number in range(1, 4)]


def in_redis(app: Celery) -> int:
    """Count the messages that wait."""
    with app.connection_for_write() as connection:
        number: int = connection.default_channel.client.llen("exact")
        return number


async def test_broker_that_stands_still_holds_nothing_up(tmp_path: Path) -> None:
    """The thread is left behind with its connection; the next batch has others."""
    if brokers.redis_server() is None:
        pytest.skip("no redis-server here, and no wheel with one for this Python")
    with brokers.redis(tmp_path) as broker:
        app = bound(broker.url)
        publisher = CeleryPublisher(app, timeout=0.3)
        os.kill(broker.process.pid, signal.SIGSTOP)
        with pytest.raises(ConnectionError, match=r"not answered for 0\.3 seconds"):
            await publisher.publish(MESSAGES)
        os.kill(broker.process.pid, signal.SIGCONT)
        patient = CeleryPublisher(app)
        assert await patient.publish(MESSAGES) == {1, 2, 3}
        patient.renew()
        assert await patient.publish(MESSAGES) == {1, 2, 3}
        assert in_redis(app) >= 6
        publisher.close()
        patient.close()


async def test_broker_that_is_away_is_told_with_its_reason() -> None:
    app = bound(f"redis://127.0.0.1:{brokers.free_port()}/0")
    publisher = CeleryPublisher(app)
    with pytest.raises(ConnectionError, match="refused"):
        await publisher.publish(MESSAGES)
    publisher.close()


async def test_what_comes_after_a_failure_is_not_confirmed(rabbitmq: Broker) -> None:
    """Nor is the message that failed: no queue of RabbitMQ has a name as long."""
    publisher = CeleryPublisher(bound(rabbitmq.url))
    first, second, third = MESSAGES
    batch = [first, replace(second, queue="q" * 300), third]
    assert await publisher.publish(batch) == {first.id}
    publisher.close()


async def test_queue_that_the_broker_has_lost_is_declared_anew(rabbitmq: Broker) -> None:
    """Else messages to it would be confirmed and dropped."""
    app = bound(rabbitmq.url)
    publisher = CeleryPublisher(app)
    await publisher.publish(MESSAGES)
    empty(rabbitmq)
    publisher.renew()
    assert await publisher.publish(MESSAGES) == {1, 2, 3}
    with app.connection_for_write() as connection:
        _, waiting, _ = connection.default_channel.queue_declare("exact", passive=True)
    assert waiting == len(MESSAGES)
    publisher.close()


def test_rabbitmq_is_asked_to_confirm() -> None:
    assert options_of(bound("amqp://localhost"))["confirm_publish"] is True
    assert "confirm_publish" not in options_of(bound("redis://localhost"))
