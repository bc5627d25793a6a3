"""Serve the project in this process, or in another that is replaced when the code changes."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import socket
import sys
import threading
import traceback
from functools import partial
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from uvicorn.supervisors import ChangeReload

from fastgres.app import server_config
from fastgres.dev.schema import bring_to_head
from fastgres.dev.standin import stand_in
from fastgres.dev.working import with_worker
from fastgres.dev.workplace import Workplace
from fastgres.errors import FastgresError
from fastgres.observability import configure_logging

# What is still running when the code changes or Ctrl-C is pressed is a developer's own request.
GRACE = 3.0

_STARTUP_FAILURE = 3
"""The status with which uvicorn leaves when the lifespan of the application fails."""

_FAILED_START = "The application failed to start; the log says why."


def serve_once(workplace: Workplace, sockets: list[socket.socket] | None, *, worker: bool) -> None:
    """Serve until a signal comes; uvicorn raises it again once all is closed."""
    brief = min(workplace.settings.shutdown_timeout, GRACE)
    settings = workplace.settings.model_copy(update={"shutdown_timeout": brief})

    def make() -> FastAPI:
        app = workplace.make_application()
        return with_worker(app, grace=brief) if worker else app

    uvicorn.Server(server_config(make, settings)).run(sockets=sockets)


def serve_again_on_change(workplace: Workplace, listener: socket.socket, *, worker: bool) -> None:
    """Serve in a child, and start another at each change of a Python file or the `.env`."""
    config = uvicorn.Config(
        workplace.project.app,
        reload=True,
        reload_dirs=[str(folder) for folder in watched(workplace.project.root)],
        reload_includes=["*.py", ".env"],
        log_config=None,
    )
    target = partial(_serve_as_child, dict(workplace.given), worker)
    ChangeReload(config, target=target, sockets=[listener]).run()


def watched(root: Path) -> list[Path]:
    """Return the folders whose changes matter: the code, not the environment nor the data."""
    code = [folder for folder in (root / "src", root / "migrations") if folder.is_dir()]
    return code if (root / "src").is_dir() else [root]


def _serve_as_child(
    given: dict[str, Any],
    worker: bool,  # noqa: FBT001 - bound by `partial`, which spawned processes unpickle
    sockets: list[socket.socket] | None = None,
) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    cause = _serve_unless_broken(given, sockets, worker=worker)
    if cause is not None:
        sys.stderr.write(f"{cause}\nWaiting for a change.\n")
        stand_in(cause, sockets)


def _serve_unless_broken(
    given: dict[str, Any], sockets: list[socket.socket] | None, *, worker: bool
) -> str | None:
    """Serve, and return why that did not come about; the code is a developer's, so anything."""
    try:
        workplace = Workplace.here(**given)
        configure_logging(workplace.settings)
        with workplace.address() as url:
            asyncio.run(bring_to_head(workplace, url))
            serve_once(workplace, sockets, worker=worker)
    except FastgresError as error:
        return str(error)
    except Exception as error:  # noqa: BLE001 - whatever it is, a change may mend it
        traceback.print_exc()
        return f"{type(error).__name__}: {error}."
    except SystemExit as leaving:
        return _FAILED_START if leaving.code == _STARTUP_FAILURE else None
    return None


def _end_with_parent() -> None:
    """Stop when the supervisor is gone: killed, it cannot take its child along."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
