"""Something that is away is told of, but not at every try."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import structlog
from structlog.testing import capture_logs

from fastgres.observability import Outage, get_logger

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def logs() -> Iterator[list[Any]]:
    """What is logged, at any level."""
    structlog.reset_defaults()
    with capture_logs() as captured:
        yield captured


def warnings(logs: list[Any]) -> list[str]:
    """Return what an operator reads."""
    return [line["event"] for line in logs if line["log_level"] == "warning"]


def test_it_is_told_when_it_begins_and_when_it_ends(logs: list[Any]) -> None:
    broker = Outage(get_logger("a"), "broker", host="mq")
    broker.say_meanwhile("jobs wait")
    broker.say_meanwhile("jobs wait")
    for _ in range(5):
        broker.lost(error="refused")
    assert broker.is_on
    broker.found()
    broker.found()
    assert warnings(logs) == ["broker away", "broker back"]
    first, *_, last = logs
    assert (first["host"], first["error"], first["meanwhile"]) == ("mq", "refused", "jobs wait")
    assert (last["host"], last["tries"]) == ("mq", 5)
    assert last["seconds"] >= 0


def test_long_one_is_recalled(logs: list[Any]) -> None:
    broker = Outage(get_logger("a"), "relaying", words=("fails", "works again"), reminder=0.0)
    for _ in range(3):
        broker.lost()
    broker.found()
    assert warnings(logs) == [
        "relaying fails",
        "relaying still fails",
        "relaying still fails",
        "relaying works again",
    ]
    assert [line["tries"] for line in logs[1:]] == [2, 3, 3]


def test_the_next_one_is_told_again(logs: list[Any]) -> None:
    broker = Outage(get_logger("a"), "broker")
    for _ in range(2):
        broker.lost()
        broker.found()
    assert warnings(logs) == ["broker away", "broker back"] * 2
