"""The command as a whole: help, exit codes, and what an error looks like."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from fastgres.cli import main
from tests.cli import kiosk

VERBS = [
    ["dev"],
    ["serve"],
    ["routes"],
    ["reads"],
    ["settings"],
    ["version"],
    ["db"],
    *[["db", verb] for verb in ("new", "upgrade", "downgrade", "status", "check")],
    *[["db", verb] for verb in ("url", "shell", "reset", "seed")],
]
WITHOUT_HEAVY = """
import sys
from fastgres.cli import main
code = main(sys.argv[1:])
heavy = {"sqlalchemy", "fastapi", "starlette", "uvicorn", "alembic", "asyncpg", "pydantic"}
print("LOADED", sorted(heavy & {name.split(".")[0] for name in sys.modules}))
sys.exit(code)
"""


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand outside of any project."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_help_works_outside_of_a_project(
    verb: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """It is what one reads first."""
    assert main([*verb, "--help"]) == 0
    assert f"fastgres {' '.join(verb)}" in capsys.readouterr().out


@pytest.mark.parametrize("verb", [[], *VERBS], ids=lambda verb: " ".join(verb) or "root")
def test_help_fits_a_terminal_of_eighty_columns(
    verb: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Wrapped lines of our own would be ragged: each is shorter, and no markup is left over."""
    main([*verb, "--help"])
    text = capsys.readouterr().out
    assert max(len(line) for line in text.splitlines()) <= 80
    assert "[bold]" not in text


def test_help_loads_neither_database_nor_web_nor_settings(tmp_path: Path) -> None:
    """Help and completion have to be immediate."""
    finished = subprocess.run(
        [sys.executable, "-c", WITHOUT_HEAVY, "db", "upgrade", "--help"],
        cwd=tmp_path,
        env=kiosk.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout.splitlines()[-1] == "LOADED []"


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["devv"], "'dev'"),
        (["rotues"], "'routes'"),
        (["db", "upgrad"], "'upgrade'"),
        (["dev", "--prot", "3"], "'--port'"),
        (["routes", "--jsn"], "'--json'"),
        (["db", "reset", "--yse"], "'--yes'"),
    ],
)
def test_a_wrong_word_gets_did_you_mean(
    words: list[str], meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Commands, those of groups, and options."""
    assert main(words) == 2
    output = capsys.readouterr()
    assert "Did you mean" in output.err
    assert meant in output.err
    assert output.out == ""


def test_a_wrong_word_that_is_near_nothing_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """With the way to the list of what there is."""
    assert main(["xylophone"]) == 2
    error = capsys.readouterr().err
    assert "No such command 'xylophone'" in error
    assert "fastgres --help" in error


@pytest.mark.parametrize("words", [["dev", "--port", "high"], ["db", "new"], ["serve", "-w", "0"]])
def test_wrong_values_are_wrong_usage(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2, and no traceback."""
    assert main(words) == 2
    assert "Error: " in capsys.readouterr().err


def test_an_error_of_the_project_is_a_message(capsys: pytest.CaptureFixture[str]) -> None:
    """On standard error with exit code 1; standard output stays for results."""
    assert main(["routes"]) == 1
    output = capsys.readouterr()
    assert output.err.startswith("Error: No pyproject.toml with a [tool.fastgres] table")
    assert output.out == ""


def test_a_project_elsewhere_can_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    """As `make -C` does; a folder that is not there is wrong usage."""
    assert main(["-C", "nowhere", "routes"]) == 2
    assert "nowhere" in capsys.readouterr().err


def test_an_error_of_the_service_itself_shows_its_traceback(tmp_path: Path) -> None:
    """Its author needs the line."""
    kiosk.write(tmp_path)
    (tmp_path / "src" / "kiosk" / "models.py").write_text("1 / 0\n")
    finished = kiosk.run(tmp_path, "routes")
    assert finished.returncode == 1
    assert "ZeroDivisionError" in finished.stderr
