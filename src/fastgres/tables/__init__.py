"""The tables that fastgres owns, in the schema `fastgres`: jobs, idempotency, their upkeep."""

from fastgres.tables.versioning import LATEST, definitions, downgrade, installed, upgrade

__all__ = ["LATEST", "definitions", "downgrade", "installed", "upgrade"]
