"""The `.env` of a project."""

from __future__ import annotations

from pathlib import Path

import pytest

from fastgres.errors import UnknownNameError
from fastgres.settings import Settings, load_settings, misspelt_variables

PYPROJECT = '[tool.fastgres]\napp = "a.main:create_app"\nmetadata = "a.models:Base"\n'


def test_it_is_read_from_the_root_of_the_project(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command run in a subfolder sees the same settings."""
    (folder / "pyproject.toml").write_text(PYPROJECT)
    (folder / ".env").write_text("PORT=9001\n")
    below = folder / "src" / "a"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert load_settings(Settings).port == 9001


def test_it_is_read_from_the_working_directory_outside_of_a_project(folder: Path) -> None:
    """Whoever uses one part only has no project table."""
    (folder / ".env").write_text("PORT=9001\n")
    assert load_settings(Settings).port == 9001


def test_the_environment_wins(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is for a developer's machine, the environment for deployments."""
    (folder / ".env").write_text("PORT=9001\n")
    monkeypatch.setenv("PORT", "9002")
    assert load_settings(Settings).port == 9002
    assert load_settings(Settings, port=9003).port == 9003


def test_a_misspelt_key_is_named_with_the_right_one(folder: Path) -> None:
    """A typing error must not silently leave a default in force."""
    (folder / ".env").write_text("DATABSE_URL=postgresql://a:hunter2@b/c\n")
    with pytest.raises(UnknownNameError, match="did you mean 'DATABASE_URL'") as raised:
        load_settings(Settings)
    assert "hunter2" not in str(raised.value)


def test_keys_of_other_programs_are_left_alone(folder: Path) -> None:
    """A `.env` is often shared with Compose and others."""
    (folder / ".env").write_text("POSTGRES_PASSWORD=x\nDATABASE_USER=y\nCOMPOSE_PROJECT_NAME=z\n")
    assert load_settings(Settings).port == 8000


def test_a_key_of_the_service_is_no_misspelling(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`PORTS` resembles `PORT`, but is declared."""

    class Ported(Settings):
        ports: str = ""

    (folder / ".env").write_text("PORTS=1-2\n")
    monkeypatch.setenv("ENVIRONMENT", "test")
    assert load_settings(Ported).ports == "1-2"


@pytest.mark.parametrize(
    ("variable", "meant"),
    [
        ("LOG_LEVL", "LOG_LEVEL"),
        ("LOGLEVEL", "LOG_LEVEL"),
        ("database_urls", "DATABASE_URL"),
        ("ENVIROMENT", "ENVIRONMENT"),
    ],
)
def test_misspelt_variable_is_found(
    variable: str, meant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing reads it, and nobody would hear of that."""
    monkeypatch.setenv(variable, "x")
    assert misspelt_variables(Settings)[variable] == meant


@pytest.mark.parametrize(
    "variable", ["LOG_LEVEL", "log_level", "PORTS", "HOSTNAME", "DATABASE_USER", "PAGER", "PATH"]
)
def test_variables_of_others_and_our_own_are_no_misspellings(
    variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "x")
    assert variable not in misspelt_variables(Settings)
