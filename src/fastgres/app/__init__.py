"""The application factory and the server: the only part that knows every other."""

from fastgres.app.factory import AppOptions, create_app
from fastgres.app.lease import EMBEDDED_DATABASE, embedded_directory, lease_database
from fastgres.app.server import bind, serve, server_config
from fastgres.app.working import jobs_of, work, working_beside

__all__ = [
    "EMBEDDED_DATABASE",
    "AppOptions",
    "bind",
    "create_app",
    "embedded_directory",
    "jobs_of",
    "lease_database",
    "serve",
    "server_config",
    "work",
    "working_beside",
]
