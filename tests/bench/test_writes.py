"""What is asked for by those who write."""

from __future__ import annotations

import datetime as dt
import json
from uuid import UUID

import pytest

from bench.sample import WRITES, Position, Sample
from bench.writes import BODIES, LINES, requests

KEYS = tuple(UUID(int=number) for number in range(2_000))
NOWHERE = Position(dt.datetime(2025, 6, 1, tzinfo=dt.UTC), KEYS[0])
SAMPLE = Sample(KEYS[:500], KEYS[:500], KEYS, before_depth=NOWHERE, at_depth=NOWHERE)


@pytest.fixture(scope="module")
def orders() -> list[dict[str, list[dict[str, str]]]]:
    return [json.loads(line.split("\t")[1]) for line in requests(SAMPLE)["order"]]


def test_everybody_is_asked_for_the_same() -> None:
    """In every run too."""
    assert requests(SAMPLE) == requests(SAMPLE)
    assert set(requests(SAMPLE)) == set(WRITES)


def test_every_request_is_a_line() -> None:
    """A path, a tab and a body: `wrk.lua` splits at the first tab."""
    for lines in requests(SAMPLE).values():
        assert len(lines) == BODIES
        assert all(line.count("\t") == 1 and "\n" not in line for line in lines)


def test_an_order_has_five_different_products(
    orders: list[dict[str, list[dict[str, str]]]],
) -> None:
    """Of the same product twice, contestants would make what they like."""
    assert {len({line["product_id"] for line in order["items"]}) for order in orders} == {LINES}


def test_products_are_spread_so_that_locks_are_rare(
    orders: list[dict[str, list[dict[str, str]]]],
) -> None:
    """With 16 orders at once, two of them seldom want the same one."""
    asked = [line["product_id"] for order in orders for line in order["items"]]
    assert len(set(asked)) > 0.95 * len(KEYS)
    assert max(asked.count(product) for product in set(asked)) < 20
