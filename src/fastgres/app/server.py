"""Serve an application by uvicorn, with what a service on the open network needs."""

from __future__ import annotations

import math
import signal
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING

import uvicorn

from fastgres.app.protocol import ProblemProtocol
from fastgres.app.workers import Workers
from fastgres.errors import ConfigurationError
from fastgres.observability import configure_logging, get_logger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fastapi import FastAPI

    from fastgres.settings import Settings

log = get_logger(__name__)

KEEP_ALIVE = 75
"""Seconds an idle connection is kept: longer than the 60 of the usual load balancers, which
otherwise send a request into a connection that is just being closed."""

HEALTHCHECK = 20
"""Seconds a worker may be silent before it is replaced. uvicorn's five end a worker that is still
importing on a busy machine, and its successor likewise."""


def server_config(app: str | Callable[[], FastAPI], settings: Settings) -> uvicorn.Config:
    """Return uvicorn's configuration for an application factory, `"shop.main:create_app"`.

    Logs are ours, no header names the server, forwarded headers are not believed, and what is no
    HTTP is answered with a problem document.

    ```python
    from fastgres.app import server_config

    config = server_config("shop.main:create_app", settings)
    assert config.factory and not config.proxy_headers
    ```
    """
    return uvicorn.Config(
        app,
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        http=ProblemProtocol,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_worker_healthcheck=HEALTHCHECK,
        timeout_graceful_shutdown=math.ceil(settings.shutdown_timeout),
    )


def serve(app: str, settings: Settings) -> None:
    """Serve until a signal stops it, then return; readiness goes off first, pools close last.

    Blocks; call it from the main thread. A second signal of the same kind leaves at once.

    Raises:
        ConfigurationError: the address is taken or not ours.
        SystemExit: with status 3, when the application cannot start; the log says why.

    ```python
    from fastgres.app import serve

    assert serve.__annotations__["settings"] == "Settings"
    ```
    """
    configure_logging(settings)
    config = server_config(app, settings)
    with bind(settings) as listener, _ending_here():
        host, port = listener.getsockname()[:2]
        log.info("serving", url=f"http://{_bracketed(host)}:{port}", workers=settings.workers)
        if settings.workers > 1:
            patience = settings.drain_delay + settings.shutdown_timeout
            Workers(config, [listener], patience=patience).run()
        else:
            uvicorn.Server(config).run(sockets=[listener])


def bind(settings: Settings) -> socket.socket:
    """Return a socket bound to `host` and `port`, not yet listening.

    Raises:
        ConfigurationError: another process has the port, or the host is not of this machine.

    ```python
    from fastgres.app import bind
    from fastgres.settings import Settings

    with bind(Settings(port=0)) as listener:
        assert listener.getsockname()[1] > 0
    ```
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((settings.host.strip("[]"), settings.port))
    except OSError as error:
        listener.close()
        raise ConfigurationError(
            f"Cannot listen on {settings.host}:{settings.port}: {error.strerror or error}. "
            f"Another process may have the port; see `ss -ltnp`, or take another one: "
            f"PORT={settings.port + 1}."
        ) from error
    listener.set_inheritable(True)
    return listener


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


@contextmanager
def _ending_here() -> Iterator[None]:
    """Let uvicorn's re-raised signals end here, so that a drained server exits with status 0."""
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = {number: signal.signal(number, lambda *_: None) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
