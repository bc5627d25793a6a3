"""`routes`, `settings` and `version`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fastgres.settings import Settings, settings_table
from tests.cli import kiosk


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project without a server: looking starts nothing."""
    return kiosk.write(tmp_path_factory.mktemp("kiosk"))


def test_routes_as_json(folder: Path) -> None:
    """With keys that a script may rely on."""
    finished = kiosk.run(folder, "routes", "--json")
    assert finished.returncode == 0, finished.stderr
    routes = {route["path"]: route for route in json.loads(finished.stdout)}
    assert routes["/papers"] == {
        "path": "/papers",
        "methods": ["GET"],
        "name": "list_papers",
        "endpoint": "kiosk.main:list_papers",
        "tags": ["papers"],
        "status_code": 200,
        "response_model": "list[str]",
        "in_schema": True,
    }
    assert routes["/docs"]["in_schema"] is False
    assert not (folder / ".fastgres").exists()


def test_routes_as_a_table_from_a_folder_inside(folder: Path) -> None:
    """A line a route, not folded where there is no terminal."""
    finished = kiosk.run(folder / "src" / "kiosk", "routes")
    assert finished.returncode == 0, finished.stderr
    assert any(
        line.split() == ["GET", "/papers/{number}", "kiosk.main:read_paper", "int"]
        for line in finished.stdout.splitlines()
    )


def test_settings_say_value_and_source_and_no_secret(folder: Path) -> None:
    """Of the environment, of the `.env`, and defaults."""
    (folder / ".env").write_text("PORT=9001\nHOST=0.0.0.0\n")
    finished = kiosk.run(folder, "settings", "--json", HOST="::1", SECRET_KEY="hunter2")
    (folder / ".env").unlink()
    rows = {row["variable"]: row for row in json.loads(finished.stdout)}
    found = {name: (rows[name]["value"], rows[name]["source"]) for name in ("PORT", "HOST")}
    assert found == {"PORT": (9001, ".env"), "HOST": ("::1", "environment")}
    assert (rows["DEBUG"]["value"], rows["DEBUG"]["source"]) == (False, "default")
    assert rows["CORS_CREDENTIALS"]["value"] is False
    assert rows["TILL_KEY"]["secret"]
    assert "hunter2" not in finished.stdout


def test_settings_as_a_table(folder: Path) -> None:
    """Each setting with its sentence."""
    finished = kiosk.run(folder, "settings")
    assert finished.returncode == 0, finished.stderr
    assert "Opens the till." in finished.stdout
    assert "hunter2" not in finished.stdout


def test_settings_with_faults_are_all_named(folder: Path) -> None:
    """Exit code 1, so that a deployment can be checked beforehand."""
    finished = kiosk.run(folder, "settings", ENVIRONMENT="production", PORT="x")
    assert finished.returncode == 1
    for variable in ("PORT", "SECRET_KEY", "DATABASE_URL"):
        assert variable in finished.stderr
    assert "Traceback" not in finished.stderr


def test_reference_of_settings(folder: Path, tmp_path: Path) -> None:
    """Those of the service inside of a project, those of fastgres outside."""
    assert "| `TILL_KEY` |" in kiosk.run(folder, "settings", "--markdown").stdout
    assert kiosk.run(tmp_path, "settings", "--markdown").stdout == settings_table(Settings)


def test_versions(tmp_path: Path) -> None:
    """What a bug report needs; works anywhere."""
    finished = kiosk.run(tmp_path, "version", "--json")
    assert finished.returncode == 0, finished.stderr
    assert {"fastgres", "python", "postgresql", "sqlalchemy"} <= set(json.loads(finished.stdout))
