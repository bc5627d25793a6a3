"""Keys made by the client."""

from __future__ import annotations

import time

from fastgres.db import uuid7


def test_keys_are_version_7_of_the_rfc_variant() -> None:
    key = uuid7()
    assert key.version == 7
    assert key.variant == "specified in RFC 4122"


def test_keys_rise_in_the_order_in_which_they_are_made() -> None:
    keys = [uuid7() for _ in range(10_000)]
    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys)


def test_the_first_48_bits_are_the_time_in_milliseconds() -> None:
    before = time.time_ns() // 1_000_000
    made = uuid7().int >> 80
    assert before <= made <= time.time_ns() // 1_000_000 + 1
