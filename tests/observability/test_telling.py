"""An error that is in the log is not logged again."""

from __future__ import annotations

import logging

from fastgres.observability import mark_told, take_told
from fastgres.observability.telling import is_news


def record(error: BaseException | None) -> logging.LogRecord:
    """What a server logs about an error that left the application."""
    trace = None if error is None else (type(error), error, error.__traceback__)
    return logging.LogRecord("uvicorn.error", logging.ERROR, "", 1, "Exception", None, trace)


def test_error_is_told_once_and_may_be_raised_again() -> None:
    """A service may raise the same instance for every request."""
    error = ValueError("one instance")
    mark_told(error)
    assert take_told(error)
    assert not take_told(error)


def test_group_is_told_when_all_in_it_are() -> None:
    """A task group wraps what passes it."""
    one, other = ValueError("one"), ValueError("other")
    mark_told(one)
    assert not take_told(ExceptionGroup("both", [one, other]))
    mark_told(ExceptionGroup("both", [one, other]))
    assert take_told(ExceptionGroup("outer", [ExceptionGroup("both", [one, other])]))


def test_record_of_a_told_error_is_dropped() -> None:
    error = ValueError("told")
    assert is_news(record(None))
    assert is_news(record(error))
    mark_told(error)
    assert not is_news(record(error))
