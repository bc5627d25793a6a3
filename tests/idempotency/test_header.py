"""The header Idempotency-Key."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastgres.errors import IdempotencyKeyError
from fastgres.idempotency.header import key_of

NAME = b"idempotency-key"


def parsed(*values: bytes) -> str | None:
    return key_of([(b"host", b"x"), *((NAME, value) for value in values)])


def test_request_without_the_header_has_no_key() -> None:
    assert parsed() is None


@pytest.mark.parametrize(
    ("value", "key"),
    [
        (b"8e03978e-40d5-43e8-bc93-6894a57f9324", "8e03978e-40d5-43e8-bc93-6894a57f9324"),
        (b'"8e03978e"', "8e03978e"),
        (b"  padded\t", "padded"),
        (rb'"with \"quotes\" and \\"'.replace(b" ", b"-"), r'with-"quotes"-and-\\'[:-1]),
        (b"a/b+c==", "a/b+c=="),
        (b"k" * 255, "k" * 255),
        (b'"' + b"k" * 255 + b'"', "k" * 255),
    ],
)
def test_key_is_quoted_or_bare(value: bytes, key: str) -> None:
    assert parsed(value) == key


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b" ",
        b'""',
        b"two words",
        b'"two words"',
        b"a,b",
        b'a"b',
        b'"open',
        b'"wrong \\escape"',
        b'"a";b=1',
        b"k" * 256,
        b'"' + b"k" * 256 + b'"',
        "schlüssel".encode(),
        b"a\x7fb",
        b"a\x00b",
    ],
)
def test_other_value_is_refused(value: bytes) -> None:
    with pytest.raises(IdempotencyKeyError):
        parsed(value)


def test_header_that_comes_twice_is_refused() -> None:
    with pytest.raises(IdempotencyKeyError, match="more than once"):
        parsed(b"a", b"a")


@given(st.binary(max_size=300))
def test_any_bytes_are_a_key_or_refused(value: bytes) -> None:
    try:
        key = parsed(value)
    except IdempotencyKeyError:
        return
    assert key is not None
    assert 1 <= len(key) <= 255
    assert all("!" <= letter <= "~" for letter in key)
