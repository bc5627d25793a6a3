"""SQL has one place a part, and errors of the database are told apart by their codes."""

from __future__ import annotations

import ast
import itertools
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src" / "fastgres").rglob("*.py"))


RUNS_SQL = {"text", "exec_driver_sql", "execute", "executemany", "fetch", "fetchrow", "fetchval"}


def runs_literal(node: ast.AST) -> bool:
    """Recognise a statement written where it is run: `text("...")`, `execute(f"...")`."""
    return (
        isinstance(node, ast.Call)
        and ast.unparse(node.func).split(".")[-1] in RUNS_SQL
        and bool(node.args)
        and isinstance(node.args[0], ast.JoinedStr | ast.Constant)
    )


def test_sql_text_lives_in_sql_modules() -> None:
    """Elsewhere only SQLAlchemy expressions, so that values can only be bound parameters."""
    strays = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in SOURCES
        if path.name != "sql.py"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.expr) and runs_literal(node)
    ]
    assert strays == []


def has_sentence(constant: ast.stmt, following: ast.stmt | None, lines: list[str]) -> bool:
    """Accept a docstring below the constant or a comment above the group it stands in."""
    if isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant):
        return True
    above = itertools.takewhile(str.strip, reversed(lines[: constant.lineno - 1]))
    return any(line.startswith("#") for line in above)


def test_every_statement_in_a_sql_module_has_its_sentence() -> None:
    """SQL is the least readable code of the house: each constant says what it is for."""
    silent = []
    for path in SOURCES:
        if path.name != "sql.py":
            continue
        text = path.read_text()
        for node, following in itertools.zip_longest(body := ast.parse(text).body, body[1:]):
            named = isinstance(node, ast.Assign | ast.AnnAssign) and ast.unparse(node)[0] != "_"
            if named and not has_sentence(node, following, text.splitlines()):
                silent.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert silent == []


def test_modules_that_know_sqlstates_match_no_message_text() -> None:
    """Message text is translated, reworded between releases and holds the user's own words."""
    matching = [
        str(path.relative_to(ROOT))
        for path in SOURCES
        if "sqlstate" in path.read_text().lower()
        and any(
            (isinstance(node, ast.Import) and any(name.name == "re" for name in node.names))
            or (isinstance(node, ast.ImportFrom) and node.module == "re")
            or (isinstance(node, ast.Compare) and compares_message(node))
            for node in ast.walk(ast.parse(path.read_text()))
        )
    ]
    assert matching == []


def compares_message(node: ast.Compare) -> bool:
    """Recognise `"..." in str(error)`."""
    return isinstance(node.ops[0], ast.In) and ast.unparse(node.comparators[0]).startswith("str(")
