"""A small project to run commands on: one table, one migration, four routes, three rows."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from fastgres.settings import Settings
from tests import nursery

PATIENCE = 100
MAIN = "import sys; from fastgres.cli import main; sys.exit(main())"

FILES = {
    "pyproject.toml": """
[tool.fastgres]
app = "kiosk.main:create_app"
settings = "kiosk.main:Settings"
metadata = "kiosk.models:Base"
seed = "kiosk.main:seed"
""",
    "src/kiosk/__init__.py": "",
    "src/kiosk/models.py": """
from sqlalchemy.orm import Mapped
from fastgres.db import Base, UUIDv7Key

class Paper(UUIDv7Key, Base):
    __tablename__ = "papers"
    title: Mapped[str]
""",
    "src/kiosk/main.py": """
from fastapi import APIRouter
from pydantic import BaseModel, Field, SecretStr, computed_field
from sqlalchemy import func, select
import fastgres.settings
from fastgres.app import create_app as create_service
from fastgres.endpoints import ReadRouter
from fastgres.http import SessionDep
from fastgres.repository import KeysetQuery, Repository
from fastgres.settings import load_settings
from kiosk.models import Base, Paper

class Settings(fastgres.settings.Settings):
    till_key: SecretStr = Field(SecretStr("hunter2"), description="Opens the till.")
    partner_url: str = Field("https://ann:hunter2@partner.example", description="Whom to ask.")

router = APIRouter(prefix="/papers", tags=["papers"])

@router.get("")
async def list_papers(session: SessionDep) -> list[str]:
    return list(await session.scalars(select(Paper.title).order_by(Paper.title)))

@router.get("/{number}")
async def read_paper(number: int) -> int:
    return number

class PaperRead(BaseModel):
    title: str

class LoudPaper(PaperRead):
    @computed_field
    @property
    def loud(self) -> str:
        return self.title.upper()

class PaperQuery(KeysetQuery):
    title: str | None = None

class PaperRepository(Repository[Paper]): ...

shelf = ReadRouter(prefix="/shelf", tags=["shelf"])
shelf.page("", PaperRepository, PaperRead, PaperQuery, name="list_shelf")
shelf.one("/{paper_id}", PaperRepository, LoudPaper, name="read_loud")

def create_app(settings=None, database=None):
    return create_service(
        settings or load_settings(Settings),
        title="Kiosk",
        routers=[router, shelf],
        metadata=Base.metadata,
        database=database,
    )

async def seed(database, report):
    async with database.session() as session, session.begin():
        if await session.scalar(select(func.count()).select_from(Paper)):
            return
        session.add_all([Paper(title=f"paper {n}") for n in range(3)])
        report("papers", 3, 3)
""",
    "migrations/env.py": """
from kiosk.models import Base
from fastgres.migrations import run

run(Base.metadata)
""",
    "migrations/versions/2026_01_01_papers.py": '''"""add papers

Revision ID: a1
Revises:
"""

import sqlalchemy as sa
from alembic import op

revision = "a1"
down_revision = None

def upgrade():
    op.create_table(
        "papers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_papers")),
    )

def downgrade():
    op.drop_table("papers")
''',
}


def write(folder: Path) -> Path:
    """Write the project into a folder and return it."""
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.lstrip("\n"))
    return folder


def environment(**more: str) -> dict[str, str]:
    """Return the variables of this process without settings, and `more`."""
    settings = {name.upper() for name in Settings.model_fields}
    kept = {name: value for name, value in os.environ.items() if name not in settings}
    return kept | {"NO_COLOR": "1", "COLUMNS": "100", **more}


def command(*words: str) -> list[str]:
    """Return how a process runs the command line."""
    return [sys.executable, "-c", MAIN, *words]


def run(folder: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run `fastgres` in a folder to its end."""
    return nursery.run((MAIN, *words), folder, environment(**variables), patience=PATIENCE)


def feed(folder: Path, text: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run `fastgres` in a folder with `text` typed into it."""
    return nursery.run((MAIN, *words), folder, environment(), typed=text, patience=PATIENCE)
