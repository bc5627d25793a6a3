"""One record an error: whoever logs one that goes on says so to those it will meet."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Final

_MARK: Final = "__fastgres_told__"


def mark_told(error: BaseException) -> None:
    """Note that an error is in the log, before it is raised on.

    ```python
    from fastgres.observability import mark_told, take_told

    error = ValueError("logged already")
    mark_told(error)
    assert take_told(ExceptionGroup("of a task group", [error]))
    assert not take_told(error)
    ```
    """
    for each in _leaves(error):
        setattr(each, _MARK, True)


def take_told(error: BaseException) -> bool:
    """Tell whether an error is in the log, once: an instance may be raised again another time.

    ```python
    from fastgres.observability import take_told

    assert not take_told(ValueError("a new one"))
    ```
    """
    leaves = list(_leaves(error))
    told = all(hasattr(each, _MARK) for each in leaves)
    for each in leaves:
        if hasattr(each, _MARK):
            delattr(each, _MARK)
    return told


def is_news(record: logging.LogRecord) -> bool:
    """Be a filter of a logger: drop the record of an error that is in the log."""
    error = record.exc_info[1] if record.exc_info else None
    return error is None or not take_told(error)


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from _leaves(each)
    else:
        yield error
