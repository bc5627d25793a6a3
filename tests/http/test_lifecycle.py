"""Readiness: what is asked, how often, and what is said when nobody answers."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from fastgres.db import Database
from fastgres.errors import ConfigurationError, ServerUnavailableError, UnavailableError
from fastgres.http import Lifecycle
from fastgres.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Settings(environment="test", database_connect_timeout=1)
NOWHERE = "postgresql://nobody@127.0.0.1:1/none"


class Counting(Database):
    """Count how often the database is asked, and let it be away."""

    def __init__(self) -> None:
        super().__init__(NOWHERE, HERE)
        self.asked = 0
        self.away = False

    async def ping(self) -> None:
        """Answer as told."""
        self.asked += 1
        await asyncio.sleep(0)
        if self.away:
            raise ServerUnavailableError


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Let time pass without waiting for it."""
    import time

    now = time.monotonic()

    def forward(seconds: float) -> None:
        nonlocal now
        now += seconds

    monkeypatch.setattr(time, "monotonic", lambda: now)
    return forward


async def test_database_that_answers_is_ready(database: Database) -> None:
    await Lifecycle(HERE, database).check_ready()


async def test_database_that_is_away_is_not_ready() -> None:
    database = Database(NOWHERE, HERE)
    with pytest.raises(ServerUnavailableError):
        await Lifecycle(HERE, database).check_ready()
    await database.close()


async def test_draining_service_is_not_ready(database: Database) -> None:
    lifecycle = Lifecycle(HERE, database)
    lifecycle.drain()
    with pytest.raises(UnavailableError, match="shutting down"):
        await lifecycle.check_ready()


async def test_many_probes_ask_once_a_second(clock: Callable[[float], None]) -> None:
    database = Counting()
    lifecycle = Lifecycle(HERE, database)
    await asyncio.gather(*(lifecycle.check_ready() for _ in range(50)))
    assert database.asked == 1
    clock(0.9)
    await lifecycle.check_ready()
    assert database.asked == 1
    clock(0.2)
    await lifecycle.check_ready()
    assert database.asked == 2


async def test_bad_answer_is_kept_as_long_and_no_longer(clock: Callable[[float], None]) -> None:
    database = Counting()
    database.away = True
    lifecycle = Lifecycle(HERE, database)
    for _ in range(2):
        with pytest.raises(ServerUnavailableError):
            await lifecycle.check_ready()
    assert database.asked == 1
    database.away = False
    clock(1.1)
    await lifecycle.check_ready()


async def test_database_before_the_lifespan_is_a_clear_error() -> None:
    with pytest.raises(ConfigurationError, match="lifespan has not run"):
        _ = Lifecycle(HERE).opened_database


async def test_idle_waits_for_requests_and_gives_up_in_the_end() -> None:
    lifecycle = Lifecycle(HERE)
    assert await lifecycle.idle(0)
    lifecycle.active = 1
    assert not await lifecycle.idle(0.02)
    asyncio.get_running_loop().call_soon(setattr, lifecycle, "active", 0)
    assert await lifecycle.idle(5)
