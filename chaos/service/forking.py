"""The shop in processes that start at once: `python -m chaos.service.forking PORT PROCESSES`.

`fastgres serve --workers` starts a process by importing everything anew, which takes seconds on a
busy machine. Here the one that has made the application forks those that serve it, so that
hundreds can be killed. What they hold, connections above all, each opens in its own lifespan.
"""

from __future__ import annotations

import os
import socket
import sys

import uvicorn

from chaos.service.arranging import settings_here
from chaos.service.main import create_app
from fastgres.app import bind, server_config
from fastgres.observability import configure_logging
from fastgres.settings import load_settings
from shop.core.config import Settings


def main(port: int, processes: int) -> None:
    """Serve in so many processes, and replace those that are gone; ends when it is killed."""
    settings = settings_here(load_settings(Settings, port=port))
    configure_logging(settings)
    with bind(settings) as listener:
        config = server_config(create_app, settings)
        config.load()
        for _ in range(processes):
            _fork(config, listener)
        while True:
            os.wait()
            _fork(config, listener)


def _fork(config: uvicorn.Config, listener: socket.socket) -> None:
    """Start a process that serves and does nothing else."""
    if os.fork() == 0:
        uvicorn.Server(config).run(sockets=[listener])
        os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
