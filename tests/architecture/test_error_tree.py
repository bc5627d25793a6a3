"""All errors stand in one part, under the tree drawn at its top."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

import pytest

from fastgres import errors
from fastgres.errors import FastgresError, ProblemError

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "src" / "fastgres"
CLASSES = [
    value
    for value in vars(errors).values()
    if inspect.isclass(value) and issubclass(value, FastgresError)
]
PROBLEMS = [cls for cls in CLASSES if issubclass(cls, ProblemError)]


def drawn() -> list[tuple[int, str]]:
    """Return depth and name of every line of the drawn tree."""
    tree = (errors.__doc__ or "").split("```text\n")[1].split("```")[0]
    return [
        (re.search(r"\w", line).start() // 4, line.strip("│├└─ "))  # type: ignore[union-attr]  # no line of the tree is without a name
        for line in tree.splitlines()
    ]


def real(cls: type[FastgresError] = FastgresError, depth: int = 0) -> list[tuple[int, str]]:
    """Return the same of the classes, children in the order in which they are written."""
    children = [child for child in CLASSES if cls in child.__bases__]
    return [(depth, cls.__name__), *(line for child in children for line in real(child, depth + 1))]


def test_drawn_tree_is_the_real_one() -> None:
    """The drawing at the top of the part names every class under its parent, in order."""
    assert sorted(drawn(), key=str) == sorted(real(), key=str)
    assert parents(drawn()) == parents(real())


def parents(tree: list[tuple[int, str]]) -> dict[str, str]:
    """Return who stands under whom."""
    path: list[str] = []
    found = {}
    for depth, name in tree:
        path[depth:] = [name]
        found[name] = path[depth - 1] if depth else ""
    return found


@pytest.mark.parametrize("cls", CLASSES)
def test_error_says_when_it_is_raised(cls: type[FastgresError]) -> None:
    """Every class has a docstring of its own."""
    assert (vars(cls).get("__doc__") or "").strip()


@pytest.mark.parametrize("cls", PROBLEMS)
def test_problem_has_status_code_and_title(cls: type[ProblemError]) -> None:
    """What may reach a client has a status, a code for machines and a title for people."""
    assert 400 <= cls.status <= 599
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", cls.code)
    assert cls.title
    assert not cls.title.endswith(".")


def test_one_code_means_one_status_and_title() -> None:
    """A client may branch on the code alone."""
    meanings = {(cls.code, cls.status, cls.title) for cls in PROBLEMS}
    assert len(meanings) == len({cls.code for cls in PROBLEMS})


def test_no_error_class_lives_elsewhere() -> None:
    """A second tree would need a second `except`; an error of ours and of a library does not."""
    allowed = {each.__name__ for each in CLASSES} | {"HTTPException"}
    strays = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in SOURCES.rglob("*.py")
        if path.parent != SOURCES / "errors"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef)
        and any(ast.unparse(base).endswith(("Error", "Exception")) for base in node.bases)
        and not {"HTTPException"} < {ast.unparse(base) for base in node.bases} <= allowed
    ]
    assert strays == []
