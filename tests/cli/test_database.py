"""`fastgres db`, on a project with its own PostgreSQL."""

from __future__ import annotations

import json
import socket
import subprocess
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from fastgres.tables import LATEST
from tests.cli import kiosk

pytestmark = [pytest.mark.xdist_group("cli"), pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def folder(project_folder: Path) -> Path:
    """The project, its database at head."""
    done(kiosk.run(project_folder, "db", "upgrade"))
    return project_folder


def done(finished: subprocess.CompletedProcess[str]) -> str:
    """Return what a command that has to work printed."""
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


def rows(folder: Path) -> str:
    """Count the rows by psql."""
    return done(kiosk.run(folder, "db", "shell", "--", "-Atc", "select count(*) from papers"))


def test_down_and_up_again(folder: Path) -> None:
    """Status and check follow; check fails while something is pending."""
    assert json.loads(done(kiosk.run(folder, "db", "status", "--json"))) == {
        "at_head": True,
        "current": ["a1"],
        "heads": ["a1"],
        "pending": [],
        "tables": {"installed": 0, "latest": LATEST},
        "holdups": [],
    }
    unasked = kiosk.run(folder, "db", "downgrade", "-1")
    assert unasked.returncode == 1
    assert "with the data in what they made?" in unasked.stderr
    assert done(kiosk.run(folder, "db", "downgrade", "-1", "--yes")) == "now at base\n"
    pending = json.loads(done(kiosk.run(folder, "db", "status", "--json")))["pending"]
    assert [(one["id"], one["message"]) for one in pending] == [("a1", "add papers")]
    assert "add papers" in done(kiosk.run(folder, "db", "status"))
    checked = kiosk.run(folder, "db", "check", "--json")
    assert checked.returncode == 1
    assert json.loads(checked.stdout)["agrees"] is False
    assert "a1" in done(kiosk.run(folder, "db", "upgrade"))
    assert done(kiosk.run(folder, "db", "upgrade")) == "nothing to apply\n"
    assert "agree" in done(kiosk.run(folder, "db", "check"))


def test_seeds_once(folder: Path) -> None:
    """A database with data is left alone."""
    done(kiosk.run(folder, "db", "reset", "--yes"))
    finished = kiosk.run(folder, "db", "seed")
    assert "Seeding papers" in finished.stderr
    assert "nothing to do" in done(kiosk.run(folder, "db", "seed"))
    assert rows(folder) == "3\n"


def test_new_writes_what_the_models_have(folder: Path) -> None:
    """Not anything when there is nothing, which is exit code 1."""
    finished = kiosk.run(folder, "db", "new", "nothing")
    assert finished.returncode == 1
    assert "Error: " in finished.stderr
    written = Path(done(kiosk.run(folder, "db", "new", "fill", "--empty")).splitlines()[-1])
    assert written.parent == folder / "migrations" / "versions"
    written.unlink()


def test_tables_are_installed_by_a_revision_of_the_project(folder: Path) -> None:
    """Written once; status and check know them afterwards, and they can be undone."""
    written = Path(done(kiosk.run(folder, "db", "tables")).splitlines()[-1])
    assert f"tables.upgrade(op, version={LATEST})" in written.read_text()
    done(kiosk.run(folder, "db", "upgrade"))
    assert "nothing to write" in done(kiosk.run(folder, "db", "tables"))
    assert f"tables of fastgres at {LATEST}" in done(kiosk.run(folder, "db", "status"))
    assert "agree" in done(kiosk.run(folder, "db", "check"))
    done(kiosk.run(folder, "db", "downgrade", "-1", "--yes"))
    written.unlink()
    assert json.loads(done(kiosk.run(folder, "db", "status", "--json")))["tables"]["installed"] == 0


def test_psql_gets_its_exit_code_through(folder: Path) -> None:
    """A script sees that its statement failed."""
    finished = kiosk.run(folder, "db", "shell", "--", "-c", "select nonsense")
    assert finished.returncode == 1
    assert "nonsense" in finished.stderr


def test_python_shell_awaits_at_the_prompt(folder: Path) -> None:
    """Models, session and one event loop are at hand; an error does not end it."""
    typed = """\
session.add(Paper(title="typed")); await session.flush()
1 / 0
print("TITLE", await session.scalar(select(Paper.title).where(Paper.title == "typed")))
"""
    finished = kiosk.feed(folder, typed, "db", "shell", "--python")
    assert finished.returncode == 0, finished.stderr
    assert "TITLE typed" in finished.stdout
    assert "ZeroDivisionError" in finished.stderr


def test_reset_asks_and_can_be_declined(folder: Path) -> None:
    """The question names the database; no answer is a no."""
    kiosk.run(folder, "db", "seed")
    for answer in ("n\n", ""):
        finished = kiosk.feed(folder, answer, "db", "reset")
        assert finished.returncode == 1
        assert "Drop the database 'app'" in finished.stderr
    assert rows(folder) == "3\n"
    assert kiosk.feed(folder, "y\n", "db", "reset").returncode == 0
    assert rows(folder) == "0\n"


def test_reset_is_refused_in_production(folder: Path) -> None:
    """Whatever is said."""
    finished = kiosk.run(
        folder,
        "db",
        "reset",
        "--yes",
        ENVIRONMENT="production",
        SECRET_KEY="s" * 40,
        DATABASE_URL="postgresql://app:hunter2@127.0.0.1:1/shop",
    )
    assert finished.returncode == 1
    assert "ENVIRONMENT is production" in finished.stderr
    assert "hunter2" not in finished.stderr


def test_a_server_that_is_away_is_a_message(folder: Path) -> None:
    """Without a traceback and without the password."""
    finished = kiosk.run(
        folder, "db", "status", DATABASE_URL="postgresql://app:hunter2@127.0.0.1:1/shop"
    )
    assert finished.returncode == 1
    (line,) = finished.stderr.splitlines()
    assert line.startswith("Error: The database is not reachable: 127.0.0.1:1/shop (")
    assert "hunter2" not in line
    assert finished.stdout == ""


def test_url_starts_nothing(tmp_path: Path) -> None:
    """Of a server that there is not yet, it says how to get it."""
    folder = kiosk.write(tmp_path)
    finished = kiosk.run(folder, "db", "url")
    assert finished.returncode == 1
    assert "`fastgres db upgrade` makes it" in finished.stderr
    assert not (folder / ".fastgres").exists()


def test_url_of_the_embedded_server(folder: Path) -> None:
    """It is the one that the service connects to."""
    url = done(kiosk.run(folder, "db", "url")).strip()
    assert url.startswith("postgresql://fastgres@/app?host=")
    with socket.socket(socket.AF_UNIX) as probe:
        probe.connect(f"{parse_qs(urlsplit(url).query)['host'][0]}/.s.PGSQL.5432")


def test_url_that_is_set(folder: Path) -> None:
    """Without its password, unless that is asked for."""
    given = "postgresql+asyncpg://ann:hunter2@db:5433/kiosk?ssl=true"
    shown = kiosk.run(folder, "db", "url", DATABASE_URL=given)
    assert done(shown) == "postgresql://ann:***@db:5433/kiosk?sslmode=require\n"
    whole = kiosk.run(folder, "db", "url", "--show-password", DATABASE_URL=given)
    assert done(whole) == "postgresql://ann:hunter2@db:5433/kiosk?sslmode=require\n"
