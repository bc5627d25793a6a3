"""The command `fastgres`: its verbs, and what an error looks like."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from fastgres.cli import database, inspection, jobs, serving, working
from fastgres.cli.faults import USAGE_ERRORS, describe_usage, print_error
from fastgres.errors import FastgresError

INTERRUPTED = 130

app = typer.Typer(
    name="fastgres",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Settings come from the environment and the project's .env.",
)
serving.register(app)
working.register(app)
app.add_typer(jobs.app, name="jobs", rich_help_panel="Run", short_help=jobs.VERBS)
app.add_typer(database.app, name="db", rich_help_panel="Database", short_help=database.VERBS)
inspection.register(app)


@app.callback()
def fastgres(
    directory: Annotated[
        Path | None,
        typer.Option(
            "--directory",
            "-C",
            help="Work on the project in this folder instead of the present one.",
            exists=True,
            file_okay=False,
        ),
    ] = None,
) -> None:
    r"""FastAPI and PostgreSQL as one stack.

    Commands work on the project at or above the present folder: the nearest
    pyproject.toml with a \[tool.fastgres] table. Without DATABASE_URL they use
    the project's embedded PostgreSQL.

    [bold]Examples[/bold]

      fastgres dev                 serve this project, with its database
      fastgres db new "add tags"   write a migration from the models
      fastgres settings            what can be set, and what is
    """
    if directory is not None:
        os.chdir(directory)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    0 done; 1 it could not be done, with the reason on standard error; 2 wrong usage; 130 Ctrl-C.
    An error of the program itself, or of the service's own code, shows its traceback.

    ```python
    from fastgres.cli import main

    assert main(["version"]) == 0
    ```
    """
    try:
        code = app(arguments, prog_name="fastgres", standalone_mode=False)
    except FastgresError as error:
        print_error(": ".join([str(error), *getattr(error, "__notes__", ())]))
        return 1
    except typer.Abort:
        print_error("Stopped; nothing was done.")
        return 1
    except USAGE_ERRORS as error:
        return describe_usage(error)
    except KeyboardInterrupt:
        return INTERRUPTED
    return code if isinstance(code, int) else 0
