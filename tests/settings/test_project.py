"""The project file."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from fastgres.errors import ConfigurationError, UnknownNameError
from fastgres.settings import Project

TABLE = '[tool.fastgres]\napp = "kiosk.main:create_app"\nmetadata = "kiosk.models:Base"\n'


def write(folder: Path, table: str = TABLE) -> None:
    """Write the project file."""
    (folder / "pyproject.toml").write_text(table)


@pytest.fixture(autouse=True)
def _forget_kiosk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    for name in [name for name in sys.modules if name.partition(".")[0] == "kiosk"]:
        monkeypatch.delitem(sys.modules, name)


def package(folder: Path, text: str) -> None:
    """Write the package of the service."""
    (folder / "src" / "kiosk").mkdir(parents=True)
    (folder / "src" / "kiosk" / "__init__.py").touch()
    (folder / "src" / "kiosk" / "main.py").write_text(text)


def test_it_is_found_above(folder: Path) -> None:
    """From anywhere inside of the project."""
    write(folder)
    below = folder / "src" / "kiosk"
    below.mkdir(parents=True)
    project = Project.find(below)
    assert project.root == folder.resolve()
    assert project.migrations == folder.resolve() / "migrations"
    assert project.state_directory == folder.resolve() / ".fastgres"
    assert project.seed is None


def test_a_pyproject_without_the_table_is_passed_by(folder: Path) -> None:
    """A workspace may have several."""
    write(folder)
    inner = folder / "inner"
    inner.mkdir()
    write(inner, "[project]\nname = 'inner'\n")
    assert Project.find(inner).root == folder.resolve()


def test_outside_of_a_project_the_error_says_what_to_add(folder: Path) -> None:
    """With the folder where the search began."""
    with pytest.raises(ConfigurationError, match=r"\[tool.fastgres\]\n  app = ") as raised:
        Project.find(folder)
    assert str(folder) in str(raised.value)


def test_a_misspelt_key_is_named_with_the_right_one(folder: Path) -> None:
    """A typing error must not silently leave a default in force."""
    write(folder, TABLE + 'migration = "db"\n')
    with pytest.raises(UnknownNameError, match="did you mean 'migrations'"):
        Project.find(folder)


def test_missing_keys_are_named(folder: Path) -> None:
    """All of them at once."""
    write(folder, "[tool.fastgres]\n")
    with pytest.raises(ConfigurationError, match="lacks app and metadata"):
        Project.find(folder)


def test_broken_toml_is_named_with_its_place(folder: Path) -> None:
    """Not a traceback of the parser."""
    write(folder, "[tool.fastgres\n")
    with pytest.raises(ConfigurationError, match=r"pyproject.toml is not valid TOML.*line 1"):
        Project.find(folder)


def test_objects_are_imported_from_src_without_being_installed(folder: Path) -> None:
    """A clone works before it is packaged."""
    write(folder)
    package(folder, "create_app = 'made'\n")
    assert Project.find(folder).load("app") == "made"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("create_ap = 1\n", "has no 'create_app'; did you mean 'create_ap'"),
        ("import surely_missing_package\n", "imports 'surely_missing_package', which is not"),
    ],
)
def test_what_cannot_be_imported_is_explained(folder: Path, text: str, message: str) -> None:
    """A wrong name, or a package that is not installed."""
    write(folder)
    package(folder, text)
    with pytest.raises(ConfigurationError, match=message):
        Project.find(folder).load("app")


def test_a_missing_module_is_told_from_a_missing_import(folder: Path) -> None:
    """The first is a fault of the table."""
    write(folder)
    with pytest.raises(ConfigurationError, match="there is no 'kiosk' below"):
        Project.find(folder).load("app")


def test_a_name_without_a_colon_is_refused(folder: Path) -> None:
    """With the form that is right."""
    write(folder, TABLE.replace(":Base", ""))
    with pytest.raises(ConfigurationError, match=r"'package.module:attribute'"):
        Project.find(folder).load("metadata")


def test_what_the_table_does_not_name_cannot_be_loaded(folder: Path) -> None:
    """A project need not have seeds."""
    write(folder)
    with pytest.raises(ConfigurationError, match="names no seed; add for example"):
        Project.find(folder).load("seed")
