"""What the tests of Celery share: brokers, workers and relays as they are in production."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pytest_asyncio import fixture as async_fixture
from sqlalchemy import text

from fastgres.celery import relay_to
from fastgres.db import Database
from tests.celery import brokers
from tests.celery.works import bound
from tests.jobs.workshop import EFFECTS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from celery import Celery

    from fastgres.db import Database
    from fastgres.testing.workshop import Workshop

ROOT = Path(__file__).parents[2]

Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[brokers.Broker]:
    """A Redis for all tests of this process."""
    if brokers.redis_server() is None:
        pytest.skip("no redis-server here, and no wheel with one for this Python")
    with brokers.redis(tmp_path_factory.mktemp("redis")) as broker:
        yield broker


@pytest.fixture(scope="session")
def rabbitmq(tmp_path_factory: pytest.TempPathFactory) -> Iterator[brokers.Broker]:
    """A RabbitMQ for all tests of this process."""
    if not brokers.RABBITMQ.exists():
        pytest.skip("no rabbitmq-server here; apt-get install rabbitmq-server")
    with brokers.rabbitmq(tmp_path_factory.mktemp("rabbitmq")) as broker:
        yield broker


@pytest.fixture(scope="session", params=["redis", "rabbitmq"])
def broker(request: pytest.FixtureRequest) -> brokers.Broker:
    """Each broker in turn."""
    broker: brokers.Broker = request.getfixturevalue(request.param)
    return broker


@pytest.fixture(scope="session")
def place(_workshop: Workshop, template_database: str) -> Iterator[str]:
    """The address of a database for all tests with workers, which take seconds to start."""
    with _workshop.copy(template_database) as url:
        yield url


@pytest.fixture(scope="session")
def start(
    place: str, broker: brokers.Broker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Start]:
    """Starts processes beside the tests, and kills what is left of them."""
    processes: list[subprocess.Popen[bytes]] = []
    environment = {"BROKER_URL": broker.url, "DATABASE_URL": place, "ENVIRONMENT": "test"}
    folder = tmp_path_factory.mktemp(broker.name)

    def run(*words: str) -> subprocess.Popen[bytes]:
        with (folder / f"process{len(processes)}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *words],
                cwd=ROOT,
                env=os.environ | environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        processes.append(process)
        return process

    yield run
    for process in processes:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture(scope="session")
def worker(start: Start) -> subprocess.Popen[bytes]:
    """A Celery worker with two processes, the same for all tests."""
    words = ["celery", "-A", "tests.celery.works", "worker", "--concurrency", "2"]
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "INFO"]
    return start(*words, *quiet)


@async_fixture
async def effects(_workshop: Workshop, place: str) -> AsyncIterator[Database]:
    """The database of the workers without any job, and with an empty table for what jobs do."""
    database = Database(place, _workshop.settings_for(place))
    async with database.session() as session, session.begin():
        await session.execute(text("TRUNCATE fastgres.jobs, fastgres.dead_jobs"))
        await session.execute(text("TRUNCATE fastgres.job_inbox"))
        await session.execute(text("DROP TABLE IF EXISTS effects"))
        await session.execute(text(EFFECTS))
    yield database
    await database.close()


@pytest.fixture
def celery(broker: brokers.Broker) -> Celery:
    """The application, in this process."""
    return bound(broker.url)


@pytest.fixture
def relaying(effects: Database, celery: Celery) -> Any:
    """Runs a relay for the length of a block."""

    @asynccontextmanager
    async def run(**options: Any) -> AsyncIterator[None]:
        relay = relay_to(celery, effects, **{"poll": 0.1, **options})
        task = asyncio.create_task(relay.run())
        try:
            yield
        finally:
            relay.stop()
            await task

    return run


def empty(broker: brokers.Broker) -> None:
    """Let a broker forget everything: messages, queues, and who is bound to what."""
    with bound(broker.url).connection_for_write() as connection:
        channel: Any = connection.default_channel
        if broker.name == "redis":
            channel.client.flushall()
            return
        for queue in ("default", "exact"):
            channel.queue_delete(queue)
