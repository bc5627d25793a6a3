"""The verb `reads`: what each route reads, and by which statement."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from fastgres.cli.faults import print_error
from fastgres.cli.output import AsJson, print_json, print_table

Route = "METHOD and path, path, or operation id; a query such as ?status=paid may follow."


def reads(
    *,
    sql: Annotated[
        str | None, typer.Option("--sql", metavar="ROUTE", help=f"Print its statement. {Route}")
    ] = None,
    analyze: Annotated[
        str | None,
        typer.Option(
            "--analyze", metavar="ROUTE", help="Run its statement and print PostgreSQL's plan."
        ),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="List the routes that read nothing, too.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Exit with 1 when a read is loaded; warn of nulls.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List what the routes read: by one statement, by the ORM, and why.

    A compiled read is one statement that returns the JSON. A loaded one is
    done by the ORM and Pydantic, for the fields that are named. A route of
    plan orm returns rows instead of a response model. A field that is
    required, though its column may be NULL, is named: a row with a null is
    answered with 500.

    --analyze runs the statement on the project's database, in a transaction
    that may only read and is rolled back; keys and scopes are those of the
    first row.

    [bold]Examples[/bold]

      fastgres reads
      fastgres reads --sql "GET /orders/{order_id}"
      fastgres reads --analyze "/orders?status=paid&sort=-total"
      fastgres reads --check
    """
    from fastgres.cli.service import explain_route

    if sql is None and analyze is None:
        _list(everything=everything, check=check, as_json=as_json)
        return
    for route, runs in ((sql, False), (analyze, True)):
        if route is None:
            continue
        found = explain_route(route, analyze=runs)
        if as_json:
            print_json(found)
        else:
            typer.echo("\n\n".join(_explained(found)))


def _list(*, everything: bool, check: bool, as_json: bool) -> None:
    from fastgres.cli.service import list_reads

    found = list_reads()
    if as_json:
        print_json(found)
    else:
        shown = [one for one in found if everything or one["kind"]]
        print_table(("methods", "path", "answered", "plan", "statements", "why"), map(_row, shown))
        if len(shown) < len(found):
            typer.echo(f"{len(found) - len(shown)} more read no response model; --all lists them.")
    if check:
        _check(found)


def _check(found: list[dict[str, Any]]) -> None:
    """Fail for a loaded read; only warn of a field that a null would break: there may be none."""
    for one in found:
        for why in dict.fromkeys(_unguarded(one)):
            typer.echo(
                f"Warning: {'/'.join(one['methods'])} {one['path']}: {why}. A row with a null is "
                "answered with 500: allow None in the model, or make the column NOT NULL.",
                err=True,
            )
    loaded = [one["path"] for one in found if one["kind"] == "loaded"]
    if loaded:
        print_error(f"Loaded, and not compiled to one statement: {', '.join(loaded)}.")
        raise typer.Exit(1)


def _unguarded(one: dict[str, Any]) -> Iterator[str]:
    for read in one["reads"]:
        yield from (f"{why['field']} {why['why']}" for why in read["unguarded"])


def _row(one: dict[str, Any]) -> tuple[str, ...]:
    reasons = [f"{why['field']} {why['why']}" for read in one["reads"] for why in read["reasons"]]
    reasons += dict.fromkeys(_unguarded(one))
    return (
        ", ".join(one["methods"]) or "any",
        one["path"],
        one["answered"] or "-",
        one["kind"] or "-",
        str(one["statements"] or "-"),
        "; ".join([*reasons, *filter(None, [one["hint"]])]),
    )


def _explained(route: dict[str, Any]) -> Iterator[str]:
    """Yield a text for each read of a route: comments, then the statement or its plan."""
    for read in route["reads"]:
        lines = [f"-- {'/'.join(route['methods'])} {route['path']}: {read['call']}"]
        if read["unshown"]:
            lines.append(f"-- without what only a request knows: {', '.join(read['unshown'])}")
        lines += [f"-- {why['field']} {why['why']}" for why in read["unguarded"]]
        if "plan" in read:
            lines += _values(read)
        yield "\n".join([*lines, read.get("plan") or read["sql"] or _reasons(read)])


def _values(read: dict[str, Any]) -> Iterator[str]:
    """Yield for each value of the statement what it was."""
    for name, value in read["values"].items():
        of_row = " (of the first row)" if name in read["of_first_row"] else ""
        shown = json.dumps(value, default=str, ensure_ascii=False)
        yield f"-- {name.partition('_')[2] or name} = {shown}{of_row}"


def _reasons(read: dict[str, Any]) -> str:
    reasons = [f"-- {why['field']} {why['why']}" for why in read["reasons"]]
    return "\n".join(["-- loaded by the ORM and written by Pydantic:", *reasons])
