"""The verbs that look: `routes`, `reads`, `settings` and `version`."""

from __future__ import annotations

from typing import Annotated

import typer

from fastgres.cli.output import AsJson, print_json, print_table
from fastgres.cli.reads import reads

PANEL = "Look"


def register(app: typer.Typer) -> None:
    """Add the verbs to the command."""
    app.command(rich_help_panel=PANEL)(routes)
    app.command(rich_help_panel=PANEL)(reads)
    app.command(rich_help_panel=PANEL)(settings)
    app.command(rich_help_panel=PANEL)(version)


def routes(*, as_json: AsJson = False) -> None:
    """List what the service answers: methods, path, function and response.

    Nothing is started; the application is only made.
    """
    from fastgres.cli.service import list_routes

    found = list_routes()
    if as_json:
        print_json(found)
        return
    rows = [
        (
            ", ".join(one["methods"]) or "any",
            one["path"],
            one["endpoint"] if one["in_schema"] else one["name"],
            one["response_model"] or "",
        )
        for one in found
    ]
    print_table(("methods", "path", "function", "response"), rows)


def settings(
    *,
    as_json: AsJson = False,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print the reference table, without values.")
    ] = False,
) -> None:
    """List the settings of the service: value, where it comes from, and what it does.

    Secrets are not shown. Exit code 1 with all faults when the service could
    not start with them.
    """
    from fastgres.cli.service import list_settings, reference_of_settings

    if markdown:
        typer.echo(reference_of_settings(), nl=False)
        return
    found = list_settings()
    if as_json:
        print_json(found)
        return
    rows = [
        (one["variable"], str(one["shown"]), one["source"], one["description"]) for one in found
    ]
    print_table(("variable", "value", "from", "what it does"), rows)


def version(*, as_json: AsJson = False) -> None:
    """Print the versions of fastgres and of what it stands on."""
    from fastgres.cli.versions import find_versions

    found = find_versions()
    if as_json:
        print_json(found)
        return
    for name, number in found.items():
        typer.echo(f"{name} {number}")
