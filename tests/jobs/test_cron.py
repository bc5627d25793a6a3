"""When a schedule is due."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from fastgres.errors import ConfigurationError
from fastgres.jobs import Cron


def at(text: str) -> datetime:
    """Read a moment in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_latest_tick_is_not_in_the_future() -> None:
    cron = Cron("*/5 * * * *")
    assert cron.latest(at("2026-01-01 10:07:30")) == at("2026-01-01 10:05")
    assert cron.latest(at("2026-01-01 10:05:00")) == at("2026-01-01 10:05")
    assert cron.next(at("2026-01-01 10:05:00")) == at("2026-01-01 10:10")


def test_time_of_day_is_that_of_the_zone_in_summer_and_winter() -> None:
    cron = Cron("30 2 * * *", "Europe/Berlin")
    assert cron.next(at("2026-01-15 00:00")) == at("2026-01-15 01:30")
    assert cron.next(at("2026-07-15 00:00")) == at("2026-07-15 00:30")


def test_hour_that_a_clock_change_leaves_out_is_not_skipped() -> None:
    cron = Cron("30 2 * * *", "Europe/Berlin")
    assert cron.next(at("2026-03-29 00:00")).date() == at("2026-03-29").date()


@pytest.mark.parametrize("expression", ["* * * *", "61 * * * *", "0 0 31 2 *", "often"])
def test_expression_that_never_comes_is_refused(expression: str) -> None:
    with pytest.raises(ConfigurationError, match="would never run"):
        Cron(expression)


def test_unknown_zone_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="Europe/Atlantis"):
        Cron("* * * * *", "Europe/Atlantis")
