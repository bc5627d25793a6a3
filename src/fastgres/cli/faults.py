"""How a command says that it could not be done."""

from __future__ import annotations

from typing import Any

import typer

# Typer 0.2x has its own copy of Click and exports neither's errors, only this one below them.
USAGE_ERRORS: tuple[type[Exception], ...] = (typer.BadParameter.__mro__[2],)


def print_error(message: str) -> None:
    """Print a message to standard error, in red where that is a terminal."""
    typer.secho("Error: ", fg=typer.colors.RED, bold=True, err=True, nl=False)
    typer.secho(message, fg=typer.colors.RED, err=True)


def describe_usage(error: Any) -> int:
    """Print what is wrong with the words given, and return the exit code."""
    context = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError":
        typer.echo(error.format_message(), err=True)
        return int(error.exit_code)
    if context is not None:
        typer.echo(context.get_usage(), err=True)
    print_error(message_of(error))
    if context is not None:
        typer.echo(f"`{context.command_path} --help` says more.", err=True)
    return int(error.exit_code)


def message_of(error: Any) -> str:
    """Return the message, with what was probably meant in the same words for all."""
    meant = getattr(error, "possibilities", None)
    if not meant:
        return str(error.format_message())
    names = " or ".join(repr(name) for name in meant)
    return f"{str(error.message).rstrip('.')}. Did you mean {names}?"
