"""What may become a password."""

from __future__ import annotations

import pytest

from fastgres.errors import InvalidValueError
from fastgres.passwords import refuse_weak

ADA = ["ada.lovelace@example.com", "Ada Lovelace"]


def code_of(password: str, about: list[str] | None = None) -> str:
    with pytest.raises(InvalidValueError) as caught:
        refuse_weak(password, about=about or [])
    (field,) = caught.value.fields
    assert field.location == ("body", "password")
    return field.code


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery staple",
        "T7#kd9!qZ",
        "ein ganz anderer Satz",
        "密码很长而且没有人知道",
        "x7" * 32,
        "a b" * 300,
        "ä" * 100 + "ö" * 100,
    ],
)
def test_any_characters_will_do(password: str) -> None:
    refuse_weak(password, about=ADA)


@pytest.mark.parametrize("password", ["", "a", "seven77", "T7#kd9!"])
def test_fewer_than_eight_characters_are_too_few(password: str) -> None:
    assert code_of(password) == "too_short"


def test_1024_bytes_are_enough() -> None:
    refuse_weak("ab" * 512)
    assert code_of("ab" * 512 + "c") == "too_long"
    assert code_of("äß" * 257) == "too_long"
    assert code_of("x" * 10_000_000) == "too_long"


def test_compatible_characters_count_as_they_are_hashed() -> None:
    """One ligature becomes eighteen characters: 3 bytes as written, 33 as hashed."""
    assert code_of("\ufdfa" * 300) == "too_long"


def test_half_a_surrogate_pair_is_no_text() -> None:
    assert code_of("half a \ud800 pair") == "not_text"


@pytest.mark.parametrize(
    "password",
    [
        "password",
        "PASSWORD",
        "Password1",
        "password123!",
        "12345678",
        "iloveyou123",
        "qwertyuiop",
        "!!sunshine!!",
        "aaaaaaaaaaaa",
    ],
)
def test_what_is_tried_first_is_refused(password: str) -> None:
    assert code_of(password) == "leaked"


@pytest.mark.parametrize(
    "password",
    ["ada.lovelace@example.com", "Ada Lovelace", "lovelace1", "LOVELACE99", "lovelaceada"],
)
def test_the_owners_own_data_is_refused(password: str) -> None:
    assert code_of(password, ADA) == "personal"


def test_a_refused_password_is_not_repeated() -> None:
    with pytest.raises(InvalidValueError) as caught:
        refuse_weak("iloveyou123")
    assert "iloveyou123" not in f"{caught.value!r} {caught.value.fields}"


def test_a_name_among_other_words_is_fine() -> None:
    refuse_weak("lovelace wrote the first program", about=ADA)


def test_the_location_is_the_callers() -> None:
    with pytest.raises(InvalidValueError) as caught:
        refuse_weak("short", location=("body", "new_password"))
    assert caught.value.fields[0].location == ("body", "new_password")
