"""The verbs that serve: `dev` and `serve`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

PANEL = "Run"

Port = Annotated[
    int | None,
    typer.Option("--port", "-p", min=0, max=65535, help="Port to listen on. [PORT, 8000]"),
]
Host = Annotated[str | None, typer.Option("--host", help="Address to listen on. [HOST, 127.0.0.1]")]


def register(app: typer.Typer) -> None:
    """Add the verbs to the command."""
    app.command(rich_help_panel=PANEL)(dev)
    app.command(rich_help_panel=PANEL)(serve)


def dev(
    *,
    seed: Annotated[
        bool, typer.Option("--seed", help="Fill an empty database with the project's sample data.")
    ] = False,
    reload: Annotated[
        bool, typer.Option(help="Start anew when a Python file or the .env changes.")
    ] = True,
    worker: Annotated[
        bool, typer.Option(help="Run the jobs of the service beside it, too.")
    ] = True,
    port: Port = None,
    host: Host = None,
) -> None:
    """Serve for development: database, migrations, and the service on top.

    Starts the project's own PostgreSQL unless DATABASE_URL is set, brings the
    schema to head, and serves until Ctrl-C, which stops all of it. Jobs run
    beside the requests, four at once. The data stays in .fastgres/.

    [bold]Examples[/bold]

      fastgres dev
      fastgres dev --seed --port 9000
      DATABASE_URL=postgresql://me@localhost/shop fastgres dev --no-reload
    """
    from fastgres.dev import Workplace, develop

    workplace = Workplace.here(**_given(port=port, host=host))
    develop(workplace, seed=seed, reload=reload, worker=worker)


def serve(
    *,
    workers: Annotated[
        int | None, typer.Option("--workers", "-w", min=1, help="Processes. [WORKERS, 1]")
    ] = None,
    port: Port = None,
    host: Host = None,
    migrate: Annotated[
        bool, typer.Option("--migrate", help="Bring the schema to head before serving.")
    ] = False,
) -> None:
    """Serve for production: several processes, and a shutdown that loses no request.

    Refuses to start while the schema is behind the code, and in production
    (ENVIRONMENT) with unsafe settings. On SIGTERM readiness goes off,
    DRAIN_DELAY seconds later the listener closes, and running requests have
    SHUTDOWN_TIMEOUT seconds to finish.

    [bold]Examples[/bold]

      fastgres serve --host 0.0.0.0 --workers 4
      fastgres serve --migrate
    """
    from fastgres.dev import Workplace, serve_migrated

    workplace = Workplace.here(**_given(workers=workers, port=port, host=host))
    try:
        serve_migrated(workplace, migrate=migrate)
    except SystemExit as leaving:  # uvicorn's 3 for an application that does not start
        raise typer.Exit(1 if leaving.code else 0) from None


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
