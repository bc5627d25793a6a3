"""The place of a request among all that came with a key."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from fastgres.errors import KeyReusedError
from fastgres.idempotency.asked import Asked

ASKED = Asked("ada", "k-1", b"print")


def test_lock_is_a_number_of_64_bits_and_of_caller_and_key() -> None:
    others = [Asked("eve", "k-1", b"print"), Asked("ada", "k-2", b"print")]
    assert -(2**63) <= ASKED.lock < 2**63
    assert len({ASKED.lock, *(one.lock for one in others)}) == 3
    assert Asked("ada", "k-1", b"other").lock == ASKED.lock


def test_row_of_another_request_is_refused() -> None:
    row = SimpleNamespace(state="finished", fingerprint=b"other")
    with pytest.raises(KeyReusedError):
        ASKED.answer_in(row)


@pytest.mark.parametrize(
    "row",
    [None, SimpleNamespace(state=None), SimpleNamespace(state="started", fingerprint=b"print")],
)
def test_row_without_an_answer_has_none(row: object) -> None:
    assert ASKED.answer_in(row) is None
