"""Errors as they are stored."""

from __future__ import annotations

from fastgres.jobs.outcome import MAX_ERROR, describe


def raised(message: str) -> ValueError:
    """Return an error with a traceback."""
    try:
        raise ValueError(message)
    except ValueError as error:
        return error


def test_error_begins_with_its_name_and_ends_with_where_it_came_from() -> None:
    stored = describe(raised("no such thing"))
    assert stored.startswith("ValueError: no such thing\n")
    assert "in raised" in stored


def test_error_is_bounded() -> None:
    assert len(describe(raised("x" * 100_000))) <= MAX_ERROR


def test_error_holds_nothing_that_a_database_refuses() -> None:
    stored = describe(raised("a\0b \ud800"))
    assert "\0" not in stored
    stored.encode()


def test_credentials_are_not_stored() -> None:
    assert "hunter2" not in describe(raised("postgresql://ada:hunter2@db/shop is away"))
