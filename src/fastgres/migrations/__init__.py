"""Migrations: Alembic, configured from the project, run by one process at a time."""

from fastgres.migrations.environment import run
from fastgres.migrations.migrator import Migrator
from fastgres.migrations.revisions import Revision, Status

__all__ = ["Migrator", "Revision", "Status", "run"]
