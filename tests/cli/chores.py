"""The kiosk with jobs: one that greets, one that fails, one in a queue of its own."""

from __future__ import annotations

import json
from pathlib import Path

from tests import nursery
from tests.cli import kiosk

HAND = """
import runpy, sys
sys.path.insert(0, "src")
runpy.run_module("kiosk.hand", run_name="__main__")
"""

FILES = {
    "src/kiosk/chores.py": """
import asyncio
from pathlib import Path
from fastgres.errors import GiveUpError
from fastgres.jobs import job
from fastgres.observability import get_logger

@job()
async def greet(name: str) -> None:
    with Path("greeted").open("a") as file:
        file.write(f"{name}\\n")

@job(retries=0)
async def fail(why: str) -> None:
    raise GiveUpError(why)

@job(queue="slow")
async def sleep(seconds: float) -> None:
    get_logger("kiosk").info("asleep")
    await asyncio.sleep(seconds)
""",
    "src/kiosk/hand.py": """
import asyncio, json, sys
from sqlalchemy import text
from fastgres.dev import Workplace
from fastgres.jobs import Worker, list_jobs
from fastgres.observability import configure_logging
from kiosk import chores

async def enqueue(database, name, *values):
    async with database.session() as session, session.begin():
        for value in values:
            await getattr(chores, name).enqueue(session, float(value) if name == "sleep" else value)

async def lay_out(database):
    async with database.session() as session, session.begin():
        await session.execute(text("TRUNCATE fastgres.jobs, fastgres.dead_jobs"))
    await enqueue(database, "fail", "no paper", "no ink")
    await Worker(database, [chores]).drain()
    await enqueue(database, "greet", "Ada")
    found = await list_jobs(database)
    print(json.dumps({next(iter(job.arguments.values())): job.id for job in found}))

async def rename(database, old, new):
    async with database.session() as session, session.begin():
        renaming = text("UPDATE fastgres.jobs SET name = :new WHERE name = :old")
        await session.execute(renaming, {"old": old, "new": new})

async def put_off(database):
    async with database.session() as session, session.begin():
        later = text("UPDATE fastgres.jobs SET run_at = now() + interval '1 day'")
        await session.execute(later)

async def main(url, verb, *words):
    database = workplace.database(url)
    try:
        await globals()[verb](database, *words)
    finally:
        await database.close()

workplace = Workplace.here()
configure_logging(workplace.settings)
with workplace.address() as url:
    asyncio.run(main(url, *sys.argv[1:]))
""",
    "migrations/versions/2026_01_02_tables.py": '''"""add the tables of fastgres

Revision ID: a2
Revises: a1
"""

from alembic import op
from fastgres import tables

revision = "a2"
down_revision = "a1"

def upgrade():
    tables.upgrade(op, version=1)

def downgrade():
    tables.downgrade(op, version=0)
''',
}


def write(folder: Path) -> Path:
    """Write the project into a folder and return it."""
    kiosk.write(folder)
    for name, text in FILES.items():
        (folder / name).write_text(text.lstrip("\n"))
    main = folder / "src" / "kiosk" / "main.py"
    imported = main.read_text().replace(
        "from kiosk.models", "from kiosk import chores\nfrom kiosk.models"
    )
    main.write_text(
        imported.replace("database=database,", "database=database,\n        jobs=[chores],")
    )
    return folder


def enqueue(folder: Path, name: str, *values: str) -> None:
    """Enqueue a job for each value."""
    _lend_a_hand(folder, "enqueue", name, *values)


def lay_out(folder: Path) -> dict[str, int]:
    """Leave one greeting that waits, two failures among the dead letters, and nothing else."""
    found: dict[str, int] = json.loads(_lend_a_hand(folder, "lay_out"))
    return found


def rename(folder: Path, old: str, new: str) -> None:
    """Make waiting jobs those of another function."""
    _lend_a_hand(folder, "rename", old, new)


def put_off(folder: Path) -> None:
    """Have waiting jobs wait until tomorrow."""
    _lend_a_hand(folder, "put_off")


def _lend_a_hand(folder: Path, *words: str) -> str:
    finished = nursery.run((HAND, *words), folder, kiosk.environment(), patience=kiosk.PATIENCE)
    assert finished.returncode == 0, finished.stderr
    return finished.stdout
