"""The verbs of `fastgres jobs`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from fastgres.cli.durations import read_span
from fastgres.cli.output import AsJson, print_json, print_table

if TYPE_CHECKING:
    from fastgres.cli.queue import Acted
    from fastgres.jobs import JobFilter, Moved

app = typer.Typer(
    rich_markup_mode="rich",
    epilog="The database is that of DATABASE_URL, or the project's embedded one when it is unset.",
)

VERBS = "Queues at a glance, and: list, show, retry, cancel, dead, purge."

LOOK, STEER = "Look", "Steer"

State = Literal["ready", "scheduled", "retrying", "running", "sent", "dead"]
Ids = Annotated[list[int] | None, typer.Argument(metavar="[ID]...", help="Only these.")]
Queue = Annotated[str | None, typer.Option("--queue", "-q", help="Only of this queue.")]
Name = Annotated[str | None, typer.Option("--name", "-n", help="Only of this function.")]
Older = Annotated[
    float | None,
    typer.Option(
        "--older-than",
        parser=read_span,
        metavar="SPAN",
        help="Only those enqueued, or dead, for longer than that: 90s, 15m, 12h, 7d, 2w.",
    ),
]
Limit = Annotated[int, typer.Option("--limit", "-l", min=1, max=100_000, help="At most so many.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


@app.callback(invoke_without_command=True)
def jobs(
    context: typer.Context,
    *,
    once: Annotated[bool, typer.Option("--once", help="Print the table once.")] = False,
    as_json: AsJson = False,
    interval: Annotated[
        float, typer.Option("--interval", "-i", min=0.1, help="Seconds between two looks.")
    ] = 1.0,
) -> None:
    """Watch the queues, and look after the jobs in them.

    Without a verb: a table of the queues that is kept up to date until Ctrl-C;
    printed once where there is no terminal. ready jobs are due and wait for a
    worker, oldest is how long the first of them has waited, retrying ones wait
    for their next attempt, scheduled ones for their moment.

    [bold]Examples[/bold]

      fastgres jobs
      fastgres jobs --json
      fastgres jobs dead --queue mail
      fastgres jobs retry --queue mail --older-than 1h
    """
    if context.invoked_subcommand is not None:
        return
    if as_json:
        from fastgres.cli.queue import look, plain_overview

        print_json(plain_overview(look()))
    elif once or not sys.stdout.isatty():
        from fastgres.cli.board import print_board
        from fastgres.cli.queue import look

        print_board(look())
    else:
        _watch(interval)


def _watch(interval: float) -> None:
    from fastgres.cli.board import board, live_board
    from fastgres.cli.queue import look, watch

    try:
        with live_board(look()) as live:
            watch(lambda seen: live.update(board(seen), refresh=True), interval=interval)
    except KeyboardInterrupt:
        return


@app.command("list", rich_help_panel=LOOK)
def list_(
    *,
    queue: Queue = None,
    name: Name = None,
    state: Annotated[
        State | None, typer.Option("--state", "-s", help="Only those that stand so.")
    ] = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List jobs, the newest first, dead ones too.

    A job that succeeded is deleted. One whose function the application does not
    have waits, and says so.
    """
    from fastgres.cli.board import JOBS, rows_of_jobs
    from fastgres.cli.queue import find, plain

    found = find(_filter(queue=queue, name=name, states=(state,) if state else ()), limit=limit)
    if as_json:
        print_json([plain(*each) for each in found])
        return
    print_table(JOBS, rows_of_jobs(found), empty="no jobs")


@app.command(rich_help_panel=LOOK)
def show(
    job_id: Annotated[int, typer.Argument(metavar="ID", help="Its number.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Show one job: its arguments, where it stands, and its last error with the traceback."""
    from fastgres.cli.board import lines_of_job
    from fastgres.cli.queue import find_one, plain
    from fastgres.observability import escape_lines

    record, missing = find_one(job_id)
    if as_json:
        print_json(plain(record, missing))
        return
    for line in lines_of_job(record, missing):
        typer.echo(escape_lines(line))


@app.command(rich_help_panel=LOOK)
def dead(
    *,
    queue: Queue = None,
    name: Name = None,
    older_than: Older = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List the dead letters: jobs that failed for good, and why."""
    from fastgres.cli.board import DEAD, rows_of_dead
    from fastgres.cli.queue import find, plain

    wanted = _filter(queue=queue, name=name, older_than=older_than, states=("dead",))
    found = find(wanted, limit=limit)
    if as_json:
        print_json([plain(*each) for each in found])
        return
    print_table(DEAD, rows_of_dead(found), empty="no dead jobs")


@app.command(rich_help_panel=STEER)
def retry(
    ids: Ids = None,
    *,
    queue: Queue = None,
    name: Name = None,
    older_than: Older = None,
    yes: Yes = False,
) -> None:
    """Put dead jobs back into their queues, with all their attempts.

    One that was cancelled keeps its moment if that lies ahead. A job that is
    named by its id, and waits for its moment or its next attempt, is due at
    once. Asks first when none is named, unless told --yes.

    [bold]Examples[/bold]

      fastgres jobs retry 4711
      fastgres jobs retry --queue mail --name send_receipt
    """
    from fastgres.cli.queue import retry as again

    wanted = _filter(ids=tuple(ids or ()), queue=queue, name=name, older_than=older_than)
    _ask("Put {count} back into the queues?", _only_dead(wanted), yes=yes or bool(ids))
    _tell(again(wanted), "put back", "its unique twin waits already")


@app.command(rich_help_panel=STEER)
def cancel(
    ids: Ids = None,
    *,
    queue: Queue = None,
    name: Name = None,
    running: Annotated[
        bool, typer.Option("--running", help="Those that run, too; they are stopped.")
    ] = False,
    yes: Yes = False,
) -> None:
    """Move jobs that wait to the dead letters, from where `retry` brings them back.

    With --running also those that run: a worker stops them within 10 seconds,
    and an effect that they commit with complete() after this is refused. Asks
    first when none is named, unless told --yes.
    """
    from dataclasses import replace

    from fastgres.cli.queue import cancel as stop

    wanted = _filter(ids=tuple(ids or ()), queue=queue, name=name)
    states = ("ready", "scheduled", "retrying", "sent", *(("running",) if running else ()))
    _ask("Cancel {count}?", replace(wanted, states=states), yes=yes or bool(ids))
    _tell(stop(wanted, running=running), "moved to the dead letters", "a worker had it")


@app.command(rich_help_panel=STEER)
def purge(
    ids: Ids = None,
    *,
    queue: Queue = None,
    name: Name = None,
    older_than: Older = None,
    yes: Yes = False,
) -> None:
    """Delete dead letters for good.

    Asks first, unless told --yes.

    [bold]Examples[/bold]

      fastgres jobs purge --older-than 30d --yes
      fastgres jobs purge 4711
    """
    from fastgres.cli.queue import purge as delete

    wanted = _filter(ids=tuple(ids or ()), queue=queue, name=name, older_than=older_than)
    _ask("Delete {count} for good?", _only_dead(wanted), yes=yes)
    _tell(delete(wanted), "deleted", "somebody else had it")


def _filter(**given: Any) -> JobFilter:
    from fastgres.jobs import JobFilter

    return JobFilter(**given)


def _only_dead(wanted: JobFilter) -> JobFilter:
    from dataclasses import replace

    return replace(wanted, states=("dead",))


def _ask(question: str, wanted: JobFilter, *, yes: bool) -> None:
    if yes:
        return
    from fastgres.cli.queue import count

    number = count(wanted)
    if number:
        counted = "1 job" if number == 1 else f"{number:,} jobs"
        typer.confirm(question.format(count=counted), abort=True, err=True)


def _tell(acted: Acted, what: str, why_left: str) -> None:
    moved = acted.moved
    typer.echo(f"{moved.done:,} {what}{_attempts(moved)}")
    if moved.later:
        typer.echo(f"{moved.later:,} of them for a moment ahead, as before; named again: now")
    if moved.left:
        typer.echo(f"{moved.left:,} left as it was: {why_left}")
    for line in acted.others:
        typer.echo(line)
    for line in acted.missing:
        typer.echo(f"Error: {line}", err=True)
    if acted.missing:
        raise typer.Exit(1)


def _attempts(moved: Moved) -> str:
    """Return how many attempts those have that were put back."""
    if not moved.tries:
        return ""
    fewest, most = min(moved.tries), max(moved.tries)
    counted = f"{fewest} to {most}" if fewest < most else f"{most}"
    return f", with {counted} attempt{'s' if most > 1 else ''}"
