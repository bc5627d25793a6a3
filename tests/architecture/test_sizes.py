"""Small files, small functions. The numbers never grow without a page in docs/decisions."""

from __future__ import annotations

import ast
import statistics
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src").rglob("*.py")) + sorted((ROOT / "examples/shop/src").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py")) + sorted(
    (ROOT / "examples/shop/tests").rglob("*.py")
)


def lines(path: Path) -> int:
    """Count the lines of a file."""
    return len(path.read_text().splitlines())


def code_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count the lines of a function without its docstring, whose example is documentation."""
    total = (function.end_lineno or function.lineno) - function.lineno + 1
    docstring = function.body[0] if ast.get_docstring(function) else None
    return total - ((docstring.end_lineno or 0) - docstring.lineno + 1 if docstring else 0)


def functions() -> Iterator[tuple[str, int]]:
    """Yield every function of the sources as a place to click and its length."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", code_lines(node)


def test_no_source_file_is_longer_than_500_lines() -> None:
    """A file beyond that holds two things."""
    assert {str(path): lines(path) for path in SOURCES if lines(path) > 500} == {}


def test_median_source_file_is_shorter_than_200_lines() -> None:
    """Most files are read at one glance; doors are left out, they would flatter the number."""
    assert statistics.median(lines(path) for path in SOURCES if path.stem != "__init__") < 200


def test_no_test_file_is_longer_than_800_lines() -> None:
    """A test file mirrors one module and stays readable."""
    assert {str(path): lines(path) for path in TESTS if lines(path) > 800} == {}


def test_no_function_is_longer_than_60_lines() -> None:
    """Nobody keeps more than a screen in mind."""
    assert {place: length for place, length in functions() if length > 60} == {}


def test_nine_of_ten_functions_are_shorter_than_30_lines() -> None:
    """The long function is the exception."""
    lengths = sorted(length for _, length in functions())
    assert lengths[int(len(lengths) * 0.9)] < 30
