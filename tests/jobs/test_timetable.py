"""Scheduled jobs: each tick once, by whoever comes first, the latest only."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from fastgres.jobs import cron
from fastgres.jobs.timetable import Timetable
from tests.jobs.workshop import Hand, rows, value

if TYPE_CHECKING:
    from fastgres.db import Database

pytestmark = pytest.mark.clone

NOON = datetime(2026, 3, 2, 12, 0, 30, tzinfo=UTC)
COUNT = "SELECT count(*) FROM fastgres.jobs"


@cron("* * * * *")
async def each_minute() -> None:
    """Every minute."""


@cron("0 12 * * *", unique=True)
async def at_noon(days: int = 30) -> None:
    """Once a day."""


def nothing() -> None:
    """Wake nobody."""


async def test_tick_is_enqueued_once_by_many_workers(
    database: Database, hand: Callable[..., Hand]
) -> None:
    for _ in range(3):
        await Timetable([each_minute, at_noon], hand().queue, nothing).enqueue_due(NOON)
    stored = await rows(
        database, "SELECT name, arguments, max_attempts FROM fastgres.jobs ORDER BY 1"
    )
    assert stored == [("at_noon", {"days": 30}, 6), ("each_minute", {}, 6)]


async def test_of_ticks_that_were_missed_only_the_latest_is_made_up_for(
    database: Database, hand: Callable[..., Hand]
) -> None:
    timetable = Timetable([each_minute], hand().queue, nothing)
    await timetable.enqueue_due(NOON)
    await timetable.enqueue_due(NOON + timedelta(hours=5))
    assert await value(database, COUNT) == 2


async def test_tick_of_long_ago_is_left_out(database: Database, hand: Callable[..., Hand]) -> None:
    await Timetable([at_noon], hand().queue, nothing).enqueue_due(NOON + timedelta(minutes=30))
    assert await value(database, COUNT) == 0


async def test_tick_is_left_out_while_its_unique_job_still_waits(
    database: Database, hand: Callable[..., Hand]
) -> None:
    timetable = Timetable([at_noon], hand().queue, nothing)
    await timetable.enqueue_due(NOON)
    await timetable.enqueue_due(NOON + timedelta(days=1))
    assert await value(database, COUNT) == 1
    assert await value(database, "SELECT count(*) FROM fastgres.cron_ticks") == 2


async def test_next_look_is_at_the_next_tick_by_the_clock_it_was_given(
    hand: Callable[..., Hand],
) -> None:
    timetable = Timetable([each_minute], hand().queue, nothing)
    assert await timetable.enqueue_due(NOON) == pytest.approx(30, abs=0.1)


async def test_workers_are_woken_for_it(hand: Callable[..., Hand]) -> None:
    woken: list[bool] = []
    await Timetable([each_minute], hand().queue, lambda: woken.append(True)).enqueue_due(NOON)
    assert woken == [True]
