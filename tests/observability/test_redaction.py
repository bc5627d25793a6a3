"""Secrets stay out of log lines."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from fastgres.observability import redact

CANARY = "hunter2"
NAMES = ["password", "Authorization", "set-cookie", "api_key", "client_secret", "credentials"]


@pytest.mark.parametrize(
    "line",
    [
        {"password": CANARY},
        {"headers": {"Authorization": f"Bearer {CANARY}"}},
        {"headers": [(b"cookie", CANARY.encode()), (b"accept", b"*/*")]},
        {"a": [{"b": ({"api-key": CANARY},)}]},
        {"url": f"postgresql://app:{CANARY}@db/shop"},
        {"error": ValueError(f"cannot reach redis://:{CANARY}@cache")},
        {"body": f"postgresql://app:{CANARY}@db/shop".encode()},
        {"secret": {"nested": CANARY}},
    ],
)
def test_secrets_are_masked_wherever_they_are(line: dict[str, Any]) -> None:
    """By the name of the value, and inside addresses."""
    assert CANARY not in repr(redact(line))


def test_other_values_are_kept() -> None:
    """A masked log still says what happened."""
    line = {"path": "/orders", "status": 201, "ids": [1, 2], "rate": 0.5, "user": None}
    assert redact(line) == line


def test_the_line_given_is_not_changed() -> None:
    """It may be the caller's own dictionary."""
    headers = {"cookie": CANARY}
    redact({"headers": headers})
    assert headers == {"cookie": CANARY}


def test_a_cycle_ends() -> None:
    """A log line must never hang the request it is about."""
    line: dict[str, Any] = {}
    line["self"] = line
    assert "***" in repr(redact(line))


def test_secrets_of_pydantic_stay_closed() -> None:
    """`SecretStr` masks itself; it is not opened."""
    assert CANARY not in repr(redact({"value": SecretStr(CANARY)}))


leaves = st.one_of(st.none(), st.integers(), st.text(max_size=5))
trees = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner)
)


@given(tree=trees, name=st.sampled_from(NAMES), depth=st.integers(0, 12))
def test_no_depth_and_no_neighbour_lets_a_secret_through(tree: Any, name: str, depth: int) -> None:
    """Whatever stands beside it and however deep it lies."""
    line: Any = {name: CANARY, "beside": tree}
    for level in range(depth):
        line = [line] if level % 2 else {"inner": line}
    assert CANARY not in repr(redact({"line": line}))
