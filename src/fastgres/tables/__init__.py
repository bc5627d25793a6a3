"""The tables that fastgres owns, in the schema `fastgres`: jobs, idempotency, their upkeep."""

from fastgres.tables.grants import grant
from fastgres.tables.holdups import Holdup, find_holdups, warn_of_holdups
from fastgres.tables.presence import require_tables, tables_needed
from fastgres.tables.pruning import prune
from fastgres.tables.upkeep import keep_tables, tables_kept
from fastgres.tables.versioning import LATEST, definitions, downgrade, installed, upgrade

__all__ = [
    "LATEST",
    "Holdup",
    "definitions",
    "downgrade",
    "find_holdups",
    "grant",
    "installed",
    "keep_tables",
    "prune",
    "require_tables",
    "tables_kept",
    "tables_needed",
    "upgrade",
    "warn_of_holdups",
]
