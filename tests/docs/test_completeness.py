"""What a user may import has an example, and what can be looked up in the code is looked up."""

from __future__ import annotations

import ast
import subprocess
import sys

import pytest

from tests.docs.blocks import ROOT

PACKAGE = ROOT / "src" / "fastgres"


def public_names() -> list[tuple[str, str]]:
    """Return module and name of everything that a door gives, and of the factory.

    An error is shown where it is raised; its own page says when that is.
    """
    names = [
        (node.module or "", alias.name)
        for door in sorted(PACKAGE.glob("*/__init__.py"))
        for node in ast.parse(door.read_text()).body
        if isinstance(node, ast.ImportFrom) and node.module != "__future__"
        for alias in node.names
        if not (door.parent.name == "errors" and alias.name.endswith("Error"))
    ]
    factory = [("fastgres.app", "create_app")] if (PACKAGE / "app.py").exists() else []
    return [*names, *factory]


def documentation(module: str, name: str) -> str:
    """Return the docstring of a class or function, or the text below a constant."""
    path = PACKAGE.parent.joinpath(*module.split(".")).with_suffix(".py")
    path = path if path.exists() else path.with_suffix("") / "__init__.py"
    body = ast.parse(path.read_text()).body
    for node, following in zip(body, [*body[1:], None], strict=True):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            if node.name == name:
                return ast.get_docstring(node) or ""
        elif name in defined(node) and isinstance(following, ast.Expr):
            return str(ast.literal_eval(following.value))
    return ""


def defined(node: ast.stmt) -> set[str]:
    """Return the names that an assignment gives a value to."""
    targets = node.targets if isinstance(node, ast.Assign) else []
    targets = [node.target] if isinstance(node, ast.AnnAssign) else targets
    return {ast.unparse(target) for target in targets}


@pytest.mark.parametrize(("module", "name"), public_names())
def test_public_name_has_an_example(module: str, name: str) -> None:
    """Every name behind a door shows how it is used, in a block that the tests run."""
    assert "```python" in documentation(module, name)


def test_generated_pages_are_up_to_date() -> None:
    """Settings, errors, commands and decisions are documented from the code: `make docs`."""
    finished = subprocess.run(
        [sys.executable, "tools/reference.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
