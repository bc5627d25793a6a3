"""A part is entered through its `__init__.py`, which holds names and nothing else."""

from __future__ import annotations

import ast
import importlib
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "fastgres"
PARTS = sorted(door.parent.name for door in PACKAGE.glob("*/__init__.py"))


def statements(part: str) -> list[ast.stmt]:
    """Return what a door consists of after its docstring."""
    body = ast.parse((PACKAGE / part / "__init__.py").read_text()).body
    return body[1:] if ast.get_docstring(ast.Module(body, [])) else body


def is_all(statement: ast.stmt) -> bool:
    """Tell `__all__ = [...]` from any other statement."""
    return isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "__all__"


@pytest.mark.parametrize("part", PARTS)
def test_door_has_no_logic(part: str) -> None:
    """A door imports from its own modules and lists the names; ruff RUF022 keeps them sorted."""
    foreign = [
        ast.unparse(statement)
        for statement in statements(part)
        if not is_all(statement)
        and not (
            isinstance(statement, ast.ImportFrom)
            and (statement.module or "").startswith((f"fastgres.{part}", "__future__"))
        )
    ]
    assert foreign == []


@pytest.mark.parametrize("part", PARTS)
def test_all_equals_what_the_door_imports(part: str) -> None:
    """Nothing passes a door by accident, nothing announced is missing."""
    imported = {
        name.asname or name.name
        for statement in statements(part)
        if isinstance(statement, ast.ImportFrom) and statement.module != "__future__"
        for name in statement.names
    }
    announced: list[str] = getattr(importlib.import_module(f"fastgres.{part}"), "__all__", [])
    assert set(announced) == imported
    assert len(announced) == len(imported)


@pytest.mark.parametrize("part", PARTS)
def test_announced_names_are_no_modules(part: str) -> None:
    """A door gives classes and functions; a module behind it would be a second door."""
    module = importlib.import_module(f"fastgres.{part}")
    modules = {path.stem for path in (PACKAGE / part).glob("*.py")}
    announced = getattr(module, "__all__", [])
    assert [
        name for name in announced if name in modules and not callable(vars(module)[name])
    ] == []


def test_every_part_has_a_door_contract() -> None:
    """A new part cannot forget its contract: import-linter only checks what is written down."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    doors = {
        contract["id"].removeprefix("door-")
        for contract in contracts["contracts"]
        if contract["type"] == "protected"
        and contract["protected_modules"] == [f"fastgres.{contract['id'].removeprefix('door-')}.*"]
    }
    assert doors == set(PARTS)


def test_root_package_holds_the_version_only() -> None:
    """Users write `from fastgres.db import ...`; an eager root would load everything at once."""
    body = ast.parse((PACKAGE / "__init__.py").read_text()).body
    assert [ast.unparse(statement).split(" = ")[0] for statement in body[1:]] == ["__version__"]


def test_nobody_imports_the_root() -> None:
    """Code that imports the root package depends on all parts at once."""
    importers = [
        str(path.relative_to(ROOT))
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if (isinstance(node, ast.Import) and any(name.name == "fastgres" for name in node.names))
        or (
            isinstance(node, ast.ImportFrom)
            and node.module == "fastgres"
            and any(name.name != "__version__" for name in node.names)
        )
    ]
    assert importers == []
