"""A write is compared with what was asked for, in the table and in the answer."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from bench.answers import parsed
from bench.truth import Truth

KEY = UUID("018fd124-7ae0-7aa3-8000-000000000001")
AT = dt.datetime(2026, 6, 1, 12, 0, 1, 123456, dt.UTC)
ASKED: dict[str, Any] = {
    "id": KEY,
    "total": Decimal("12.50"),
    "phone": "1",
    "created_at": AT,
    "sold": {str(KEY): 2},
}


def truth_of(**stored: Any) -> Truth:
    return Truth(ASKED, {**ASKED, **stored}, {})


def answer(**changed: str) -> Any:
    fields = {"id": str(KEY), "total": "12.50", "created_at": "2026-06-01T12:00:01.123456Z"}
    text = ", ".join(f'"{name}": "{value}"' for name, value in (fields | changed).items())
    return parsed("order", f"{{{text}}}".encode())


def test_an_answer_that_says_what_was_asked_for_is_right() -> None:
    """What nobody is told, such as the stock, is looked up in the tables alone."""
    assert truth_of().wrong(answer()) is None


def test_a_time_may_lack_microseconds() -> None:
    """A JavaScript Date has none; a time of another row is wrong."""
    assert truth_of().wrong(answer(created_at="2026-06-01T12:00:01.123Z")) is None
    found = truth_of().wrong(answer(created_at="2026-06-01T12:00:02.123Z"))
    assert found is not None
    assert found.startswith("$.created_at")


@pytest.mark.parametrize("changed", [{"total": "12.51"}, {"id": str(UUID(int=1))}])
def test_another_value_in_the_answer_is_found(changed: dict[str, str]) -> None:
    """Whatever the table says."""
    found = truth_of().wrong(answer(**changed))
    assert found is not None
    assert found.startswith(f"$.{next(iter(changed))} is")


@pytest.mark.parametrize("stored", [{"total": Decimal("12.51")}, {"phone": "2"}, {"sold": {}}])
def test_another_value_in_the_table_is_found(stored: dict[str, Any]) -> None:
    """However right the answer looks: pieces that were not taken, a field that was not kept."""
    found = truth_of(**stored).wrong(answer())
    assert found is not None
    assert found.startswith("in the table, $.")
