"""The verbs that run jobs: `worker`, and `relay` for those of Celery."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from fastgres.cli.durations import read_span

PANEL = "Run"


def register(app: typer.Typer) -> None:
    """Add the verbs to the command."""
    app.command(rich_help_panel=PANEL)(worker)
    app.command(rich_help_panel=PANEL)(relay)


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


def relay(
    *,
    resend_after: Annotated[
        Any,
        typer.Option(
            parser=read_span,
            metavar="SPAN",
            help="Send again what no worker has begun for so long: 90s, 15m, 12h.",
        ),
    ] = "10m",
    window: Annotated[
        int, typer.Option(min=1, help="Jobs of a queue that may stand with the broker.")
    ] = 1_000,
) -> None:
    r"""Hand the jobs with target="celery" to the broker when they are due.

    Publishes through the Celery application that \[tool.fastgres] celery names,
    until a signal: SIGTERM or Ctrl-C. Start one, or several for safety: each
    job is sent by one.

    [bold]Examples[/bold]

      fastgres relay
      fastgres relay --resend-after 1h --window 5000
    """
    from fastgres.dev import Workplace, run_relay

    run_relay(Workplace.here(), resend_after=resend_after, window=window)
