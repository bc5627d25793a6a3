"""`reads`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli import kiosk


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project without a server: looking starts nothing."""
    return kiosk.write(tmp_path_factory.mktemp("kiosk"))


def test_reads_as_json(folder: Path) -> None:
    """All routes, with keys that a script may rely on."""
    finished = kiosk.run(folder, "reads", "--json")
    assert finished.returncode == 0, finished.stderr
    routes = {route["path"]: route for route in json.loads(finished.stdout)}
    assert routes["/shelf/{paper_id}"] == {
        "path": "/shelf/{paper_id}",
        "methods": ["GET"],
        "name": "read_loud",
        "answered": "declared",
        "kind": "loaded",
        "statements": 1,
        "hint": None,
        "reads": [
            {
                "call": "declared: read_loud",
                "kind": "loaded",
                "statements": 1,
                "reasons": [{"field": "LoudPaper", "why": "computes loud"}],
                "unguarded": [],
                "unshown": [],
                "sql": None,
            }
        ],
    }
    assert routes["/shelf"]["kind"] == "compiled"
    assert routes["/papers"]["kind"] is None
    assert not (folder / ".fastgres").exists()


def test_reads_as_a_table(folder: Path) -> None:
    """Routes that read nothing are left out until they are asked for."""
    finished = kiosk.run(folder, "reads")
    assert finished.returncode == 0, finished.stderr
    lines = [" ".join(line.split()) for line in finished.stdout.splitlines()]
    assert "GET /shelf declared compiled 1" in lines
    assert "GET /shelf/{paper_id} declared loaded 1 LoudPaper computes loud" in lines
    assert not any("/papers" in line for line in lines)
    assert any("more read no response model; --all lists them" in line for line in lines)
    everything = kiosk.run(folder, "reads", "--all").stdout
    assert "/papers/{number}" in everything
    assert "--all" not in everything


def test_check_fails_while_a_read_is_loaded(folder: Path) -> None:
    """So that continuous integration holds it."""
    finished = kiosk.run(folder, "reads", "--check")
    assert finished.returncode == 1
    assert "Loaded, and not compiled to one statement: /shelf/{paper_id}." in finished.stderr
    main = folder / "src" / "kiosk" / "main.py"
    text = main.read_text()
    main.write_text(text.replace("PaperRepository, LoudPaper", "PaperRepository, PaperRead"))
    repaired = kiosk.run(folder, "reads", "--check")
    main.write_text(text)
    assert repaired.returncode == 0, repaired.stderr


def test_the_statement_of_a_route(folder: Path) -> None:
    """With the filters that are asked for; a text that psql takes."""
    finished = kiosk.run(folder, "reads", "--sql", "GET /shelf?title=paper")
    assert finished.returncode == 0, finished.stderr
    lines = finished.stdout.splitlines()
    assert lines[0] == "-- GET /shelf: declared: list_shelf"
    assert "  WHERE papers.title = $2::VARCHAR" in lines
    loaded = kiosk.run(folder, "reads", "--sql", "read_loud").stdout
    assert all(line.startswith("--") for line in loaded.splitlines())
    assert "LoudPaper computes loud" in loaded


def test_a_wrong_route_is_told_which_was_meant(folder: Path) -> None:
    """In the names of the service."""
    finished = kiosk.run(folder, "reads", "--sql", "/shel")
    assert finished.returncode == 1
    assert "did you mean '/shelf'?" in finished.stderr
    assert "Traceback" not in finished.stderr


def test_the_plan_of_a_route(project_folder: Path) -> None:
    """With the values for which it was made."""
    assert kiosk.run(project_folder, "db", "upgrade").returncode == 0
    assert kiosk.run(project_folder, "db", "seed").returncode == 0
    finished = kiosk.run(project_folder, "reads", "--analyze", "/shelf?title=paper 1&size=7")
    assert finished.returncode == 0, finished.stderr
    assert {'-- title = "paper 1"', "-- size = 7"} < set(finished.stdout.splitlines())
    assert "Buffers" in finished.stdout
    assert "rows=1" in finished.stdout


def test_a_field_that_a_null_would_break_is_named(folder: Path) -> None:
    """In the list, above the statement, and by a check, which lets it pass."""
    models = folder / "src" / "kiosk" / "models.py"
    main = folder / "src" / "kiosk" / "main.py"
    texts = {path: path.read_text() for path in (models, main)}
    models.write_text(texts[models].replace("Mapped[str]", "Mapped[str | None]"))
    main.write_text(texts[main].replace("PaperRepository, LoudPaper", "PaperRepository, PaperRead"))
    listed, checked, shown, plain = (
        kiosk.run(folder, "reads", *words)
        for words in ((), ("--check",), ("--sql", "/shelf"), ("--json",))
    )
    for path, text in texts.items():
        path.write_text(text)
    told = "title is required by PaperRead, and Paper.title may be NULL"
    lines = [" ".join(line.split()) for line in listed.stdout.splitlines()]
    assert f"GET /shelf declared compiled 1 {told}" in lines
    assert checked.returncode == 0
    assert f"Warning: GET /shelf: {told}. A row with a null is answered" in checked.stderr
    assert f"-- {told}" in shown.stdout.splitlines()
    (read,) = next(each["reads"] for each in json.loads(plain.stdout) if each["path"] == "/shelf")
    assert read["unguarded"] == [{"field": "title", "why": told.removeprefix("title ")}]
