"""The verb `worker`, which runs jobs."""

from __future__ import annotations

from typing import Annotated

import typer

PANEL = "Run"


def register(app: typer.Typer) -> None:
    """Add the verb to the command."""
    app.command(rich_help_panel=PANEL)(worker)


def worker(
    *,
    queues: Annotated[
        str,
        typer.Option("--queues", "-q", help="Take jobs of these, as in mail,default. [all]"),
    ] = "",
    concurrency: Annotated[
        int | None,
        typer.Option("--concurrency", "-c", min=1, help="Jobs at once. [WORKER_CONCURRENCY, 10]"),
    ] = None,
) -> None:
    """Run jobs, until a signal: SIGTERM or Ctrl-C.

    Running jobs then have SHUTDOWN_TIMEOUT seconds to finish; what is left goes
    back to its queue, and so does everything at a second signal. Start as many
    as you like, on as many machines: each job is taken by one.

    Refuses to start while the schema is behind the code. Exit code 0 after a
    signal, 1 when it could not start, 70 when a job blocked the event loop for
    longer than its lease (not in development).

    [bold]Examples[/bold]

      fastgres worker
      fastgres worker --queues mail,default --concurrency 50
    """
    from fastgres.dev import Workplace, run_worker

    wanted = [queue.strip() for queue in queues.split(",") if queue.strip()]
    run_worker(Workplace.here(), queues=wanted, concurrency=concurrency)
