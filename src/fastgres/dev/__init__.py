"""What a developer runs: the development server, the database at hand, its shell and seeds."""

from fastgres.dev.analysis import Analysis, analyze_read
from fastgres.dev.console import open_console
from fastgres.dev.database import database_name, recreate
from fastgres.dev.listener import listen
from fastgres.dev.lookup import find_reads
from fastgres.dev.psql import open_psql
from fastgres.dev.reads import RouteRead, RouteReads, list_reads
from fastgres.dev.relaying import run_relay
from fastgres.dev.routes import RouteRow, list_routes
from fastgres.dev.seeding import seed
from fastgres.dev.server import develop, serve_migrated
from fastgres.dev.working import run_worker
from fastgres.dev.workplace import Workplace

__all__ = [
    "Analysis",
    "RouteRead",
    "RouteReads",
    "RouteRow",
    "Workplace",
    "analyze_read",
    "database_name",
    "develop",
    "find_reads",
    "list_reads",
    "list_routes",
    "listen",
    "open_console",
    "open_psql",
    "recreate",
    "run_relay",
    "run_worker",
    "seed",
    "serve_migrated",
]
