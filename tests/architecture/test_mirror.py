"""Tests stand where their module stands, and test the real thing."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "src" / "fastgres"
TESTS = ROOT / "tests"
HOUSE = {"architecture", "docs"}
OUTSIDE = {"bench", "chaos"}
"""Folders of the checkout beside `src` that have tests of their own here."""
WHOLE = {
    "idempotency/test_machine.py",
    "idempotency/test_units.py",
    "jobs/test_machine.py",
    "http/test_commits.py",
    "reads/foreign/test_foreign.py",
    "reads/foreign/test_reflected.py",
    "reads/foreign/test_surroundings.py",
    "reads/test_equivalence.py",
    "reads/test_planted_bugs.py",
}
"""What holds a part as a whole: the order of COMMIT and bytes, reads against those of Pydantic."""


def test_every_test_module_mirrors_a_source_module() -> None:
    """`tests/db/test_engine.py` tests `src/fastgres/db/engine.py`: nobody has to search."""
    strays = [
        str(path.relative_to(ROOT))
        for path in TESTS.rglob("test_*.py")
        if path.relative_to(TESTS).parts[0] not in HOUSE
        and path.relative_to(TESTS).as_posix() not in WHOLE
        and not (
            (ROOT if path.relative_to(TESTS).parts[0] in OUTSIDE else SOURCES)
            / path.relative_to(TESTS).with_name(path.name.removeprefix("test_"))
        ).exists()
    ]
    assert strays == []


def test_no_test_replaces_our_own_code() -> None:
    """A mock of our own module proves that the mock works."""
    replaced = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for folder in (TESTS, ROOT / "examples" / "shop" / "tests")
        for path in folder.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.expr | ast.stmt)
        if imports_mock(node) or patches_ours(node)
    ]
    assert replaced == []


def imports_mock(node: ast.AST) -> bool:
    """Recognise the import of a mock library."""
    names = [name.name for name in node.names] if isinstance(node, ast.Import) else []
    module = (node.module or "") if isinstance(node, ast.ImportFrom) else ""
    return module in {"unittest.mock", "pytest_mock"} or "unittest.mock" in names


def patches_ours(node: ast.AST) -> bool:
    """Recognise `monkeypatch.setattr("fastgres...")` and `monkeypatch.setattr("shop...")`."""
    if not (isinstance(node, ast.Call) and ast.unparse(node.func).endswith("monkeypatch.setattr")):
        return False
    target = node.args[0] if node.args else None
    return (
        isinstance(target, ast.Constant)
        and isinstance(target.value, str)
        and target.value.startswith(("fastgres", "shop"))
    )
