"""What counts as the same answer."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from bench.answers import difference, normal, parsed

KEY = UUID("019b145c-23b1-7e81-8000-000000030a37")
RIGHT = {
    "id": KEY,
    "total": Decimal("26.70"),
    "created_at": dt.datetime(2025, 12, 12, 20, 59, 1, 425000, dt.UTC),
    "items": [{"product": "mug ☕", "quantity": 1}],
}
SPELLED = (
    '{{"id": "{key}", "total": {total}, "created_at": "{time}", '
    '"items": [{{"product": "mug \\u2615", "quantity": {quantity}}}]}}'
)


def answer(
    total: str = '"26.70"', time: str = "2025-12-12T20:59:01.425Z", quantity: str = "1"
) -> Any:
    text = SPELLED.format(key=KEY, total=total, time=time, quantity=quantity)
    return parsed("nested", text.encode())


@pytest.mark.parametrize("total", ['"26.70"', "26.70", "26.7", '"26.7"'])
def test_a_decimal_may_be_text_or_number(total: str) -> None:
    """Node's JSON has numbers where Pydantic's has strings."""
    assert difference(answer(total=total), normal(RIGHT)) is None


@pytest.mark.parametrize(
    "time",
    [
        "2025-12-12T20:59:01.425Z",
        "2025-12-12T20:59:01.425000+00:00",
        "2025-12-12 20:59:01.425+00",
        "2025-12-12T21:59:01.425+01:00",
    ],
)
def test_a_time_may_be_spelled_in_any_way_that_names_the_instant(time: str) -> None:
    """Zone and digits are matters of taste."""
    assert difference(answer(time=time), normal(RIGHT)) is None


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"total": "26.71"}, "$.total"),
        ({"time": "2025-12-12T20:59:01.426Z"}, "$.created_at"),
        ({"time": "2025-12-12T20:59:01.425"}, "$.created_at"),
        ({"quantity": "true"}, "$.items[0].quantity"),
        ({"quantity": '"1"'}, "$.items[0].quantity"),
        ({"quantity": "null"}, "$.items[0].quantity"),
    ],
)
def test_another_value_is_found_where_it_stands(changed: dict[str, str], place: str) -> None:
    """The message names field and both values."""
    found = difference(answer(**changed), normal(RIGHT))
    assert found is not None
    assert found.startswith(f"{place} is ")


def test_a_field_too_many_is_a_difference() -> None:
    """A contestant that leaks columns would do more work than the others, and one less, less."""
    assert difference({"a": 1, "b": 2}, {"a": 1}) == "$ has the fields ['a', 'b'], not ['a']"
    assert difference([1], [1, 2]) == "$ has 1 elements, not 2"


@pytest.mark.parametrize(
    "page", [b'{"items": [1, 2], "total": 9}', b'{"results": [1, 2], "next": null}', b"[1, 2]"]
)
def test_a_page_may_have_any_frame(page: bytes) -> None:
    """Peers call the list differently, and say more or less about it."""
    assert parsed("page", page) == [1, 2]
