"""The plugin in the projects of others: what it costs, what it gives, how it fails."""

from __future__ import annotations

import asyncio
import os
import sys
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

PROJECT = """
[tool.fastgres]
app = "service:create_app"
settings = "service:Settings"
metadata = "service:metadata"

[tool.pytest.ini_options]
addopts = ["--strict-markers", "--strict-config"]
filterwarnings = ["error"]
asyncio_default_fixture_loop_scope = "function"
"""

SERVICE = """
import sqlalchemy as sa
from fastapi import FastAPI
from fastgres.settings import Settings

metadata = sa.MetaData()
notes = sa.Table("notes", metadata, sa.Column("text", sa.Text))

def create_app(settings, database):
    app = FastAPI()

    @app.post("/notes")
    async def add():
        async with database.session() as session, session.begin():
            await session.execute(notes.insert().values(text="new"))
            return (await session.execute(sa.select(sa.func.count()).select_from(notes))).scalar()

    return app
"""

MIGRATION = """
import sqlalchemy as sa
from alembic import op

revision = "a1"
down_revision = None

def upgrade():
    op.create_table("notes", sa.Column("text", sa.Text))

def downgrade():
    op.drop_table("notes")
"""

TESTS = """
import asyncio
import pytest
import sqlalchemy as sa

@pytest.mark.parametrize("turn", range(4))
async def test_rolled_back(client, session, turn):
    assert (await client.post("/notes")).json() == 1
    assert await session.scalar(sa.text("SELECT count(*) FROM notes")) == 1

@pytest.mark.clone
@pytest.mark.parametrize("turn", range(4))
async def test_cloned(client, session, turn):
    await asyncio.gather(*(client.post("/notes") for _ in range(3)))
    assert await session.scalar(sa.text("SELECT count(*) FROM notes")) == 3

async def test_settings(settings, database_url):
    assert settings.environment == "test"
    assert settings.database_url.get_secret_value() == database_url
    assert "fastgres_test_" in database_url
    assert settings.mail_url is None

async def test_mail(mailbox, settings):
    from fastgres.mail import Letter, Mailer

    await Mailer(settings).send(Letter("Hello", "Hello."), to="ada@example.com", key=1)
    assert [each.subject for each in mailbox.received] == ["Hello"]
"""


async def run_pytest(folder: Path, *arguments: str, **variables: str) -> tuple[int | None, str]:
    """Run pytest in a project with our plugin and few others; return exit code and output."""
    plugins = [f"-p{name}" for name in ("pytest_asyncio.plugin", "fastgres.testing.plugin")]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pytest", *plugins, "-q", *arguments),
        cwd=folder,
        env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"} | variables,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return process.returncode, output.decode()


@pytest.fixture
def service(tmp_path: Path) -> Path:
    """A project with one table, made by a migration, and tests of it."""
    versions = tmp_path / "migrations" / "versions"
    versions.mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    (tmp_path / "service.py").write_text(SERVICE)
    (versions / "a1.py").write_text(MIGRATION)
    (tmp_path / "migrations" / "env.py").write_text(
        "from fastgres.migrations import run\nfrom service import metadata\nrun(metadata)\n"
    )
    (tmp_path / "test_service.py").write_text(TESTS)
    return tmp_path


async def test_installing_fastgres_costs_other_projects_nothing(tmp_path: Path) -> None:
    """Pytest loads the plugin in every run; it loads nothing with it."""
    (tmp_path / "test_nothing.py").write_text(
        dedent(
            """
            import sys

            def test_nothing():
                heavy = {"sqlalchemy", "fastapi", "asyncpg", "alembic", "pydantic", "httpx"}
                assert "fastgres.testing.plugin" in sys.modules
                assert heavy & set(sys.modules) == set()
            """
        )
    )
    code, output = await run_pytest(tmp_path, "-o", "asyncio_default_fixture_loop_scope=function")
    assert code == 0, output


async def test_a_service_is_tested_on_its_real_migrations_by_several_workers(
    service: Path, postgres_server: str
) -> None:
    """Rolled back and cloned, with the client and without."""
    code, output = await run_pytest(
        service,
        "-pxdist",
        "-n2",
        "--asyncio-mode=auto",
        DATABASE_URL=postgres_server,
        MAIL_URL="smtp://mail.example",
    )
    assert code == 0, output
    assert "10 passed" in output


async def test_fixtures_work_in_the_strict_mode_of_pytest_asyncio(
    service: Path, postgres_server: str
) -> None:
    """Which is its default."""
    file = service / "test_service.py"
    file.write_text(TESTS.replace("import asyncio\n", "import asyncio\nimport pytest\n", 1))
    file.write_text("import pytest\npytestmark = pytest.mark.asyncio\n" + TESTS)
    code, output = await run_pytest(
        service, "-k", "rolled_back or settings", DATABASE_URL=postgres_server
    )
    assert code == 0, output


async def test_a_forgotten_marker_is_named_even_if_the_application_hides_the_error(
    service: Path, postgres_server: str
) -> None:
    """Clients at once need connections at once."""
    (service / "test_service.py").write_text(TESTS.replace("@pytest.mark.clone", ""))
    code, output = await run_pytest(
        service, "--asyncio-mode=auto", "-k", "cloned and 0", DATABASE_URL=postgres_server
    )
    assert code == 1
    assert "IsolationError" in output
    assert "Mark it with @pytest.mark.clone" in output


async def test_production_is_refused_before_anything_is_touched(
    service: Path, postgres_server: str
) -> None:
    """The variable of the machine decides, whatever the tests would set."""
    code, output = await run_pytest(
        service, "--asyncio-mode=auto", ENVIRONMENT="production", DATABASE_URL=postgres_server
    )
    assert code == 1
    assert "They never run beside production" in output
    assert "passed" not in output


async def test_a_failing_migration_is_shown_with_its_place(
    service: Path, postgres_server: str
) -> None:
    """And not as a hundred errors of tests without a table."""
    file = service / "migrations" / "versions" / "a1.py"
    file.write_text(
        MIGRATION.replace("def upgrade():", 'def upgrade():\n    op.execute("SELEC 1")')
    )
    code, output = await run_pytest(
        service, "--asyncio-mode=auto", "-x", DATABASE_URL=postgres_server
    )
    assert code == 1
    assert 'syntax error at or near "SELEC"' in output
    assert "Raised while the template database" in output
