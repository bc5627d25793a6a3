"""Configure structlog and the standard library to write the same lines to standard error."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog
from structlog.stdlib import ProcessorFormatter
from structlog.typing import ExcInfo, FilteringBoundLogger, Processor

from fastgres.observability.redaction import redact
from fastgres.observability.request_id import current_request_id
from fastgres.observability.telling import is_news
from fastgres.observability.terminal import escape_line, indented
from fastgres.observability.tracebacks import folded, whole
from fastgres.settings import Settings

# They announce each step at INFO; what matters of it is logged by fastgres itself.
_TALKATIVE = (
    "alembic.runtime.migration",
    "alembic.runtime.plugins",
    "mail.log",  # of aiosmtpd: the dialogue of each letter, with its addresses
    "uvicorn",
    "watchfiles",
)


def get_logger(name: str) -> FilteringBoundLogger:
    """Return the logger of a module; log an event name and values, never formatted text.

    ```python
    from fastgres.observability import get_logger

    log = get_logger(__name__)
    log.info("order_placed", items=3)
    ```
    """
    logger: FilteringBoundLogger = structlog.get_logger(name)
    return logger


def configure_logging(settings: Settings) -> None:
    """Send every log line through one pipeline, as `log_format` and `log_level` say.

    Lines go to standard error, readable or as JSON, with the time, the request id and no secrets.
    An error's traceback is the JSON line's `stack`, of bounded size; in a terminal it shows the
    service's own code and counts the frames of libraries.
    Loggers of the standard library (uvicorn, SQLAlchemy, your own) come along; uvicorn's access
    log is silenced, for the request boundary writes a better one, and what uvicorn and Alembic
    tell at INFO is heard at DEBUG only. May be called again: the last call wins, handlers of
    others stay.

    ```python
    from fastgres.observability import configure_logging

    configure_logging(settings)
    ```
    """
    as_json = settings.log_format == "json" or (
        settings.log_format == "auto" and settings.is_production
    )
    level = logging.getLevelNamesMapping()[settings.log_level]
    ending = _json_ending() if as_json else _console_ending()
    structlog.configure(
        processors=[*_beginning(as_json=as_json), *ending],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=_StandardError,
        cache_logger_on_first_use=False,
    )
    _configure_standard_library(_beginning(as_json=as_json), ending, level)


def _beginning(*, as_json: bool) -> list[Processor]:
    time = structlog.processors.TimeStamper(fmt="iso" if as_json else "%H:%M:%S", utc=as_json)
    return [
        structlog.contextvars.merge_contextvars,
        _add_request_id,
        structlog.stdlib.add_logger_name,
        structlog.processors.add_log_level,
        time,
        structlog.processors.StackInfoRenderer(),
    ]


def _json_ending() -> list[Processor]:
    return [
        _add_stack,
        _redact_line,
        structlog.processors.JSONRenderer(default=str, ensure_ascii=False),
    ]


def _console_ending() -> list[Processor]:
    colors = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    renderer = structlog.dev.ConsoleRenderer(
        colors=colors,
        exception_formatter=_format_exception,
        pad_event_to=24,
        timestamp_key="timestamp",
    )
    return [_redact_line, escape_line, renderer]


def _add_request_id(
    _logger: Any, _method: str, line: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    if (request_id := current_request_id()) is not None:
        line.setdefault("request_id", request_id)
    return line


def _redact_line(
    _logger: Any, _method: str, line: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    kept = {key: line.pop(key) for key in ("exc_info", "_record") if key in line}
    return redact(line) | kept  # type: ignore[no-any-return]  # a mapping gives a dict


def _add_stack(
    _logger: Any, _method: str, line: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Put the traceback of an error into the line."""
    given = line.pop("exc_info", None)
    if isinstance(given, tuple):
        given = given[1]
    elif given and not isinstance(given, BaseException):
        given = sys.exception()
    if given:
        line["stack"] = whole(given)
    return line


def _format_exception(sio: TextIO, exc_info: ExcInfo) -> None:
    """Write a plain traceback: readable in any terminal, no local variables in it."""
    sio.write(f"\n{indented(folded(exc_info[1]))}")


class _StandardError:
    """Write lines to whatever standard error is now, so that it may be replaced later."""

    def __init__(self, name: str = "") -> None:
        self.name = name

    def msg(self, line: str) -> None:
        sys.stderr.write(line + "\n")

    debug = info = warning = error = critical = exception = log = fatal = msg


class _StandardErrorHandler(logging.Handler):
    """Write records of the standard library's loggers."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(self.format(record) + "\n")
        except Exception:  # noqa: BLE001 - a handler must not raise; logging reports it
            self.handleError(record)


def _configure_standard_library(
    beginning: list[Processor], ending: list[Processor], level: int
) -> None:
    handler = _StandardErrorHandler()
    handler.setFormatter(
        ProcessorFormatter(
            foreign_pre_chain=[
                structlog.stdlib.ExtraAdder(),
                _drop_color_message,
                *beginning,
            ],
            processors=[ProcessorFormatter.remove_processors_meta, *ending],
            use_get_message=True,
        )
    )
    root = logging.getLogger()
    for old in [old for old in root.handlers if isinstance(old, _StandardErrorHandler)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING if level == logging.INFO else level)
    _silence_uvicorn()


def _silence_uvicorn() -> None:
    """Take uvicorn's own handlers off, leave its access log without any, drop what was told."""
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = name != "uvicorn.access"
        logger.addFilter(is_news)


def _drop_color_message(
    _logger: Any, _method: str, line: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    line.pop("color_message", None)
    return line
