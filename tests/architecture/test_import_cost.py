"""What is imported often must be cheap: counted in modules, which is exact, not in seconds."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {
    "alembic",
    "asyncpg",
    "fastapi",
    "httpx",
    "polyfactory",
    "sqlalchemy",
    "starlette",
    "uvicorn",
}
REPORT = "import sys; print(' '.join({name.split('.')[0] for name in sys.modules}))"


def python(*arguments: str, cwd: Path, env: dict[str, str] | None = None) -> set[str]:
    """Run Python in a process of its own and return the words of its last line."""
    finished = subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return set(finished.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(
    "name", ["fastgres.cli", "fastgres.errors", "fastgres.rules", "fastgres.settings"]
)
def test_light_part_loads_neither_database_nor_web(name: str, tmp_path: Path) -> None:
    """`fastgres --help` and a wrong setting answer at once, on a machine half installed too."""
    assert python("-c", f"import {name}; {REPORT}", cwd=tmp_path) & HEAVY == set()


def test_errors_load_the_standard_library_only(tmp_path: Path) -> None:
    """Whoever catches an error of fastgres pays for nothing else."""
    loaded = python("-I", "-c", f"import fastgres.errors; {REPORT}", cwd=tmp_path)
    bare = python("-I", "-c", REPORT, cwd=tmp_path)
    assert loaded - bare - sys.stdlib_module_names == {"fastgres"}


def test_help_of_the_command_line_loads_neither_database_nor_web(tmp_path: Path) -> None:
    """Asking for help runs the whole command tree, and still no part below it."""
    script = (
        "import contextlib, io, sys\n"
        "from fastgres.cli import main\n"
        "sys.argv = ['fastgres', '--help']\n"
        "with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):\n"
        "    main()\n"
        f"{REPORT}"
    )
    assert python("-c", script, cwd=tmp_path) & HEAVY == set()


def test_plugin_costs_a_foreign_project_nothing(tmp_path: Path) -> None:
    """Every pytest run of every project that has fastgres installed loads the plugin."""
    (tmp_path / "test_foreign.py").write_text("def test_foreign() -> None:\n    pass\n")
    (tmp_path / "conftest.py").write_text(
        f"import sys\ndef pytest_unconfigure(config):\n    {REPORT.replace('import sys; ', '')}\n"
    )
    arguments = [
        "-m",
        "pytest",
        "-q",
        "-s",
        "-p",
        "no:cacheprovider",
        "-p",
        "fastgres.testing.plugin",
    ]
    loaded = python(*arguments, cwd=tmp_path, env={"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"})
    assert "fastgres" in loaded
    assert loaded & HEAVY == set()


def test_production_code_loads_no_test_library(tmp_path: Path) -> None:
    """A service in production starts without pytest and its company installed."""
    loaded = python("-c", f"import fastgres.app; {REPORT}", cwd=tmp_path)
    assert loaded & {"pytest", "_pytest", "httpx", "polyfactory", "hypothesis"} == set()
