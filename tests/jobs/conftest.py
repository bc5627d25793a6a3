"""What the tests of jobs share: a table of effects, workers at the queue, workers at work."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from pytest_asyncio import fixture as async_fixture
from sqlalchemy import text

from fastgres.jobs import Worker
from fastgres.jobs.lanes import Lanes
from fastgres.jobs.link import OwnLink
from fastgres.jobs.queue import Identity, Queue
from tests.jobs.workshop import EFFECTS, Hand

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from fastgres.db import Database


@async_fixture
async def effects(database: Database) -> Database:
    """The database, with a table for what jobs do."""
    async with database.session() as session, session.begin():
        await session.execute(text(EFFECTS))
    return database


@async_fixture
async def hand(database: Database) -> AsyncIterator[Callable[..., Hand]]:
    """Makes workers that do only what the test tells them to, each with a connection."""
    links: list[OwnLink] = []

    def make(*, lease: float = 30.0, queues: tuple[str, ...] = ("default",)) -> Hand:
        link = OwnLink(database)
        links.append(link)
        me = Identity(queues=queues, concurrency=10, lease=lease)
        return Hand(Queue(link, me), Lanes(queues, set()), me)

    yield make
    for link in links:
        link.close()


@pytest.fixture
def working() -> Any:
    """Runs a worker for the length of a block, and lets it end softly."""

    @asynccontextmanager
    async def run(worker: Worker) -> AsyncIterator[Worker]:
        task = asyncio.create_task(worker.run())
        try:
            yield worker
        finally:
            worker.stop()
            await task

    return run
