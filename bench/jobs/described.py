"""The machine and the versions, for the page about queues."""

from __future__ import annotations

import sys

import asyncpg

from bench import machine, sql
from bench.jobs import broker
from bench.places import PEERS
from fastgres.embedded import Cluster

OURS = ("asyncpg", "sqlalchemy", "pydantic", "uvloop")
THEIRS = ("pgqueuer", "procrastinate", "psycopg", "saq", "redis", "hiredis", "celery", "uvloop")


async def describe(cluster: Cluster, *, load: float) -> dict[str, str]:
    """Return what a reader needs to judge the figures, by name."""
    connection = await asyncpg.connect(cluster.url("postgres"))
    try:
        safety: str = await connection.fetchval(sql.DURABILITY)
    finally:
        connection.terminate()
    return {
        **machine.surroundings(load=load),
        "PostgreSQL": f"{cluster.version}, {safety}",
        "Redis": broker.version() or "not installed",
        "Packages of fastgres": machine.listed(machine.packages(sys.executable, OURS)),
        "Packages of the others": machine.listed(machine.packages(str(PEERS), THEIRS)),
        "fastgres": machine.commit(),
    }
