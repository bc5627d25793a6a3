"""What the loops of a worker say of a database that does not take their statements."""

from __future__ import annotations

import asyncio
import os
import socket
from typing import TYPE_CHECKING, Any

import pytest
import structlog
from structlog.testing import capture_logs

from fastgres.db import Database
from fastgres.db.address import place_of
from fastgres.errors import ServerUnavailableError, StatementTimeoutError
from fastgres.jobs import Worker
from fastgres.jobs.trouble import Trouble
from fastgres.observability import get_logger
from tests.jobs.workshop import leave_note
from tests.relay import Relay

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastgres.settings import Settings


@pytest.fixture
def logs() -> Iterator[list[Any]]:
    """What is logged, at any level."""
    structlog.reset_defaults()
    with capture_logs() as captured:
        yield captured


def warnings(logs: list[Any]) -> list[str]:
    """Return what an operator reads."""
    return [line["event"] for line in logs if line["log_level"] == "warning"]


async def logged(logs: list[Any], event: str, times: int = 1) -> None:
    """Wait for lines, of any level."""
    async with asyncio.timeout(30):
        while sum(line["event"] == event for line in logs) < times:  # noqa: ASYNC110 - a log tells nobody
            await asyncio.sleep(0.01)


def test_trouble_is_told_when_it_begins_and_ends(logs: list[Any]) -> None:
    trouble = Trouble(get_logger("a"), "claiming of jobs")
    for _ in range(3):
        trouble.met(StatementTimeoutError())
    trouble.over()
    assert warnings(logs) == ["claiming of jobs fails", "claiming of jobs works again"]
    assert logs[0]["error"] == "statement_timeout"


def test_server_that_is_away_is_left_to_its_connections(logs: list[Any]) -> None:
    trouble = Trouble(get_logger("a"), "claiming of jobs")
    trouble.met(ServerUnavailableError())
    trouble.over()
    assert warnings(logs) == []


@pytest.mark.clone
async def test_outage_is_one_line_for_all_loops_of_a_worker_and_one_for_its_end(
    database_url: str, settings: Settings, database: Database, logs: list[Any]
) -> None:
    """Claims, leases, schedules and listening all fail, again and again."""
    async with Relay(database_url) as relay:
        away = Database(relay.url, settings)
        server = place_of(relay.url)
        worker = Worker(away, [leave_note], poll=0.01, lease=0.3)
        running = asyncio.create_task(worker.run())
        await logged(logs, "worker started")
        relay.refusing = True
        relay.cut()
        await logged(logs, "claiming of jobs fails", 5)
        await logged(logs, "renewal of leases fails", 2)
        assert warnings(logs) == ["database away"]
        relay.refusing = False
        await logged(logs, "database back")
        worker.stop()
        await running
        await away.close()
    assert warnings(logs) == ["database away", "database back"]
    (started,) = [line for line in logs if line["event"] == "worker started"]
    assert started["worker"] == f"{socket.gethostname()}:{os.getpid()}"
    (away_line,) = [line for line in logs if line["event"] == "database away"]
    assert away_line["server"] == server
    assert "no jobs begin" in away_line["meanwhile"]
