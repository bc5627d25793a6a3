"""Log lines, as they leave the process."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from fastgres.observability import (
    bind_request_id,
    configure_logging,
    get_logger,
    reset_request_id,
)
from fastgres.settings import Settings, load_settings


@pytest.fixture(autouse=True)
def _leave_no_trace() -> Iterator[None]:
    """Put the loggers of the process back."""
    names = (None, "uvicorn", "uvicorn.access", "alembic.runtime.migration", "watchfiles")
    loggers = [logging.getLogger(name) for name in names]
    before = [(list(logger.handlers), logger.level, logger.propagate) for logger in loggers]
    yield
    for logger, (handlers, level, propagate) in zip(loggers, before, strict=True):
        logger.handlers[:] = handlers
        logger.setLevel(level)
        logger.propagate = propagate
    structlog.reset_defaults()


def configure(**values: Any) -> None:
    """Configure logging as a test asks for it."""
    configure_logging(load_settings(Settings, environment="test", **values))


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Return what was logged as JSON."""
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_json_line_says_when_where_and_what(capsys: pytest.CaptureFixture[str]) -> None:
    """The keys that a log store indexes."""
    configure(log_format="json")
    get_logger("shop.orders").info("order_placed", items=3)
    (line,) = lines(capsys)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "order_placed",
        "items": 3,
        "level": "info",
        "logger": "shop.orders",
    }


def test_loggers_of_the_standard_library_write_the_same(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """With their arguments, their extra values and the same redaction."""
    configure(log_format="json")
    logging.getLogger("sqlalchemy.pool").warning(
        "cannot reach %s", "postgresql://app:hunter2@db/shop", extra={"token": "hunter2"}
    )
    (line,) = lines(capsys)
    assert line["event"] == "cannot reach postgresql://app:***@db/shop"
    assert (line["logger"], line["level"], line["token"]) == ("sqlalchemy.pool", "warning", "***")


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_the_request_id_is_on_every_line(
    capsys: pytest.CaptureFixture[str], log_format: str
) -> None:
    """From either kind of logger, while the request lasts."""
    configure(log_format=log_format)
    token = bind_request_id("req-42")
    get_logger("a").info("one")
    logging.getLogger("b").info("two")
    reset_request_id(token)
    get_logger("a").info("three")
    one, two, three = capsys.readouterr().err.splitlines()
    assert "req-42" in one
    assert "req-42" in two
    assert "req-42" not in three


@pytest.mark.parametrize("log_format", ["json", "console"])
@pytest.mark.parametrize("kind", ["structlog", "standard library"])
def test_an_exception_is_whole_and_without_secrets(
    capsys: pytest.CaptureFixture[str], log_format: str, kind: str
) -> None:
    """Type, place and message; neither local variables nor the password of an address."""
    configure(log_format=log_format)
    password = "hunter2"
    logger: Any = get_logger("a") if kind == "structlog" else logging.getLogger("a")
    try:
        raise ConnectionError("cannot reach postgresql://app:" + password + "@db/shop")
    except ConnectionError:
        logger.exception("failed")
    text = capsys.readouterr().err
    assert "ConnectionError: cannot reach postgresql://app:***@db/shop" in text
    assert "test_logs.py" in text
    assert "hunter2@" not in text


@pytest.mark.parametrize(("level", "count"), [("DEBUG", 4), ("INFO", 2), ("ERROR", 0)])
def test_lines_below_the_level_are_dropped(
    capsys: pytest.CaptureFixture[str], level: str, count: int
) -> None:
    """Of either kind of logger."""
    configure(log_format="json", log_level=level)
    for logger in (get_logger("a"), logging.getLogger("a")):
        logger.debug("quiet")
        logger.info("loud")
    assert len(lines(capsys)) == count


def test_the_last_configuration_wins_and_lines_are_not_doubled(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Each application of a test run configures again, module loggers were made before."""
    log = get_logger("a")
    configure(log_format="console")
    log.info("first")
    configure(log_format="json")
    capsys.readouterr()
    log.info("second")
    logging.getLogger("b").info("third")
    assert [line["event"] for line in lines(capsys)] == ["second", "third"]


def test_handlers_of_others_stay() -> None:
    """Those of pytest, or of an error tracker."""
    other = logging.NullHandler()
    logging.getLogger().addHandler(other)
    configure()
    assert other in logging.getLogger().handlers


def test_uvicorn_logs_through_the_pipeline_but_not_its_access(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The request boundary writes the access log, with the request id."""
    for name in ("uvicorn", "uvicorn.access"):
        logging.getLogger(name).addHandler(logging.StreamHandler())
    configure(log_format="json")
    logging.getLogger("uvicorn.access").info("GET /")
    logging.getLogger("uvicorn.error").error("Broke", extra={"color_message": "\x1b[1mBroke"})
    (line,) = lines(capsys)
    assert (line["event"], line["logger"]) == ("Broke", "uvicorn.error")
    assert "color_message" not in line
    assert not logging.getLogger("uvicorn.access").hasHandlers()


@pytest.mark.parametrize(("level", "heard"), [("INFO", 0), ("DEBUG", 3)])
def test_steps_of_libraries_are_for_debugging(
    capsys: pytest.CaptureFixture[str], level: str, heard: int
) -> None:
    """Their lines at INFO would bury those of the service."""
    configure(log_format="json", log_level=level)
    logging.getLogger("uvicorn.error").info("Waiting for application startup.")
    logging.getLogger("alembic.runtime.migration").info("Will assume transactional DDL.")
    logging.getLogger("mail.log").info("recip: ada@example.com")
    assert len(lines(capsys)) == heard


def test_development_is_readable_and_production_is_json(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """`auto` follows the environment."""
    configure()
    get_logger("a").info("hello", n=1)
    assert "hello" in capsys.readouterr().err
    production = load_settings(
        Settings,
        environment="production",
        secret_key="s" * 32,
        database_url="postgresql://app@db/shop",
    )
    configure_logging(production)
    get_logger("a").info("hello", n=1)
    assert [line["n"] for line in lines(capsys)] == [1]


def test_text_of_others_cannot_forge_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    """A line break in a value stays inside of its line."""
    configure(log_format="json")
    get_logger("a").info("login", user='ada\n{"event": "forged"}')
    assert len(lines(capsys)) == 1


def test_console_escapes_what_would_steer_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A path may set the title of a window, move the cursor or begin a line of its own."""
    configure(log_format="console")
    get_logger("a").info("request", path="/\x1b]0;owned\x07\r\nforged\x9b2J", items=["\x1b"])
    logging.getLogger("b").error("no \x1b[2Jfile")
    try:
        raise ValueError("bad \x1b[31mname")
    except ValueError:
        get_logger("c").exception("failed")
    text = capsys.readouterr().err
    assert r"path=/\x1b]0;owned\x07\r\nforged\x9b2J" in text
    assert r"no \x1b[2Jfile" in text
    assert r"bad \x1b[31mname" in text
    assert not set("\x1b\x07\r\x9b") & set(text)


def test_traceback_told_by_a_library_keeps_its_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """The server reports a failed start so; further lines are set off from those of the log."""
    configure(log_format="console")
    logging.getLogger("uvicorn.error").error("Traceback:\n  File\nValueError")
    _, second, third = capsys.readouterr().err.splitlines()
    assert second.startswith("      File")
    assert third.startswith("    ValueError")
