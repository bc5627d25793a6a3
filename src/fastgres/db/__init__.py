"""The database: engine, session, unit of work, mixins, and SQLSTATE to typed errors."""

from fastgres.db.address import dsn
from fastgres.db.constraints import Constraints
from fastgres.db.database import Database, PoolStatus
from fastgres.db.declarative import Base
from fastgres.db.deletion import include_deleted, living_condition, only_living
from fastgres.db.direct import fetch_row
from fastgres.db.enums import text_enum
from fastgres.db.faults import sqlstate, translate
from fastgres.db.identifiers import uuid7
from fastgres.db.inside import run_inside
from fastgres.db.lazy import refuse_lazy_loads
from fastgres.db.mixins import SoftDelete, Timestamps, UUIDv7Key
from fastgres.db.once import lone_engine, write_alone, write_inside
from fastgres.db.open_units import OpenUnits
from fastgres.db.outer import OuterUnit
from fastgres.db.retrying import draw_pause, is_retryable
from fastgres.db.session import Session
from fastgres.db.surroundings import flushes_as_given, only_watches, runs_as_compiled
from fastgres.db.unit import UnitOfWork

__all__ = [
    "Base",
    "Constraints",
    "Database",
    "OpenUnits",
    "OuterUnit",
    "PoolStatus",
    "Session",
    "SoftDelete",
    "Timestamps",
    "UUIDv7Key",
    "UnitOfWork",
    "draw_pause",
    "dsn",
    "fetch_row",
    "flushes_as_given",
    "include_deleted",
    "is_retryable",
    "living_condition",
    "lone_engine",
    "only_living",
    "only_watches",
    "refuse_lazy_loads",
    "run_inside",
    "runs_as_compiled",
    "sqlstate",
    "text_enum",
    "translate",
    "uuid7",
    "write_alone",
    "write_inside",
]
