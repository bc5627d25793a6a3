"""The verbs of `fastgres db`."""

from __future__ import annotations

from typing import Annotated

import typer

from fastgres.cli.output import AsJson, print_json, print_table

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    epilog="The database is that of DATABASE_URL, or the project's embedded one when it is unset.",
)

VERBS = "Schema and data: new, tables, upgrade, downgrade, status, check, url, shell, seed, reset."

MIGRATIONS, DATA = "Migrations", "Data"

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


@app.callback()
def db() -> None:
    """Migrate, inspect, fill and reset the project's database."""


@app.command(rich_help_panel=MIGRATIONS)
def new(
    message: Annotated[str, typer.Argument(help="What it does, as in 'add orders'.")],
    *,
    empty: Annotated[
        bool, typer.Option("--empty", help="Compare nothing: for a change of data.")
    ] = False,
) -> None:
    """Write a revision with what the models have and the database lacks.

    Read the file before you apply it: a renamed column looks like one dropped
    and one added.

    [bold]Examples[/bold]

      fastgres db new "add orders"
      fastgres db new --empty "fill in missing totals"
    """
    from fastgres.cli.schema import write_revision

    typer.echo(write_revision(message, empty=empty))


@app.command(rich_help_panel=MIGRATIONS)
def tables() -> None:
    """Write a revision that brings the tables of fastgres to this release.

    Jobs and idempotency keys are stored in them, in the schema `fastgres`.
    Needed once, and after a release that changes them; `status` says which
    version there is.
    """
    from fastgres.cli.schema import write_tables_revision

    typer.echo(write_tables_revision() or "the database has them: nothing to write")


@app.command(rich_help_panel=MIGRATIONS)
def upgrade(
    revision: Annotated[str, typer.Argument(help="How far: an id, +1, or head.")] = "head",
) -> None:
    """Apply the revisions that the database lacks.

    Many processes may do so at once: one migrates, the others wait for it.
    """
    from fastgres.cli.schema import apply

    applied = apply(revision)
    for one in applied:
        typer.echo(f"applied {one}")
    if not applied:
        typer.echo("nothing to apply")


@app.command(
    rich_help_panel=MIGRATIONS,
    context_settings={"ignore_unknown_options": True},  # -1 is a revision
)
def downgrade(
    revision: Annotated[str, typer.Argument(help="How far: an id, -1 for the last one, or base.")],
    *,
    yes: Yes = False,
) -> None:
    """Undo revisions; what was stored in their tables and columns is lost.

    Asks first, unless told --yes.

    [bold]Examples[/bold]

      fastgres db downgrade -1
      fastgres db downgrade base
    """
    from fastgres.cli.schema import undo

    if not yes:
        question = f"Undo the revisions down to {revision!r}, with the data in what they made?"
        typer.confirm(question, abort=True, err=True)
    typer.echo(f"now at {', '.join(undo(revision)) or 'base'}")


@app.command(rich_help_panel=MIGRATIONS)
def status(*, as_json: AsJson = False) -> None:
    """Say which revisions the database has and lacks, and what holds back its cleanup.

    A transaction that is open for longer than a minute keeps dead rows from
    being removed; so do prepared ones, and replication slots without a reader.
    Exit code 0, whether or not something is pending; `check` fails then.
    """
    from fastgres.cli.schema import read_status

    found = read_status()
    if as_json:
        print_json(found)
        return
    typer.echo(f"at {', '.join(found['current']) or 'base'}, head is {', '.join(found['heads'])}")
    if found["pending"]:
        rows = [(one["id"], one["message"], one["path"]) for one in found["pending"]]
        print_table(("pending", "what it does", "file"), rows)
    if found["tables"]["installed"]:
        typer.echo(
            "tables of fastgres at {installed}, this release has {latest}".format(**found["tables"])
        )
    for holdup in found["holdups"]:
        typer.echo(f"- {holdup['sentence']}")


@app.command(rich_help_panel=MIGRATIONS)
def check(*, as_json: AsJson = False) -> None:
    """Fail unless models, migrations and database agree; for continuous integration.

    Exit code 0 when there is one head, it is applied, and the tables are as the
    models say; 1 when not, with each difference.
    """
    from fastgres.cli.schema import find_differences

    differences = find_differences()
    if as_json:
        print_json({"agrees": not differences, "differences": differences})
    elif not differences:
        typer.echo("models, migrations and database agree")
    else:
        for difference in differences:
            typer.echo(f"- {difference}")
    if differences:
        raise typer.Exit(1)


@app.command(rich_help_panel=DATA)
def url(
    *,
    show_password: Annotated[
        bool, typer.Option("--show-password", help="Print it whole; else *** stands for it.")
    ] = False,
) -> None:
    """Print the URL of the database, as psql and other programs of PostgreSQL take it.

    Starts nothing: an embedded server answers there while the service runs, or
    another command that uses it.

    [bold]Examples[/bold]

      fastgres db url
      pg_dump "$(fastgres db url --show-password)"
    """
    from fastgres.cli.schema import find_url

    typer.echo(find_url(show_password=show_password))


@app.command(
    rich_help_panel=DATA,
    context_settings={"allow_extra_args": True},
)
def shell(
    context: typer.Context,
    *,
    python: Annotated[
        bool,
        typer.Option("--python", help="A Python shell with models, session and top-level await."),
    ] = False,
) -> None:
    """Open psql on the database, or a Python shell with the models loaded.

    [bold]Examples[/bold]

      fastgres db shell
      fastgres db shell -- -c "select count(*) from orders"
      fastgres db shell --python
    """
    from fastgres.dev import Workplace, open_console, open_psql

    workplace = Workplace.here()
    with workplace.address() as url:
        if python:
            open_console(workplace, url)
            return
        code = open_psql(url, context.args, programs=workplace.settings.postgres_bin)
    raise typer.Exit(code)


@app.command(rich_help_panel=DATA)
def seed() -> None:
    """Fill an empty database with the project's sample data; one with data is left alone."""
    import asyncio

    from fastgres.dev import Workplace
    from fastgres.dev import seed as fill

    workplace = Workplace.here()
    with workplace.address() as url:
        if not asyncio.run(fill(workplace, url)):
            typer.echo("the database has data: nothing to do")


@app.command(rich_help_panel=DATA)
def reset(
    *,
    yes: Yes = False,
) -> None:
    """Drop the database with all its data, create it anew and migrate it.

    Refused in production. Asks first, unless told --yes.
    """
    from fastgres.cli.schema import reset as make_anew

    make_anew(None if yes else _confirm)
    typer.echo("the database is empty and at head")


def _confirm(name: str, address: str) -> None:
    question = f"Drop the database {name!r} ({address}) with all its data?"
    typer.confirm(question, abort=True, err=True)
