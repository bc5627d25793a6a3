"""How a command says that it could not be done."""

from __future__ import annotations

import pytest
import typer

from fastgres.cli.faults import USAGE_ERRORS, describe_usage, print_error


def test_errors_of_usage_are_known_by_what_typer_exports() -> None:
    """If Typer moves its classes, this tells before a user sees a traceback."""
    assert [cls.__name__ for cls in USAGE_ERRORS] == ["ClickException"]
    assert issubclass(typer.BadParameter, USAGE_ERRORS)


def test_wrong_usage_has_exit_code_two(capsys: pytest.CaptureFixture[str]) -> None:
    """As every command of the system does it."""
    assert describe_usage(typer.BadParameter("not a number")) == 2
    assert "not a number" in capsys.readouterr().err


def test_messages_are_plain_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """No colour codes in a log of continuous integration."""
    print_error("it broke")
    assert capsys.readouterr().err == "Error: it broke\n"
