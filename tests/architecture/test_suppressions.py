"""A silenced tool says which rule and why, on the same line; and it stays rare."""

from __future__ import annotations

import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = [
    path
    for folder in ("src", "tests", "examples/shop")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if ".fastgres" not in path.parts
]
TYPE = re.compile(r"# type: ignore(?P<code>\[[\w-]+(?:, ?[\w-]+)*\])?(?P<reason>.*)")
LINT = re.compile(r"# noqa(?P<code>: [A-Z]+\d+(?:, ?[A-Z]+\d+)*)?(?P<reason>.*)")
BUDGET = 20


@cache
def comments() -> list[tuple[str, str]]:
    """Return every comment with its place; text about comments is none."""
    found = []
    for path in SOURCES:
        with path.open("rb") as file:
            found += [
                (f"{path.relative_to(ROOT)}:{token.start[0]}", token.string)
                for token in tokenize.tokenize(file.readline)
                if token.type == tokenize.COMMENT
            ]
    return found


def suppressions(pattern: re.Pattern[str]) -> Iterator[tuple[str, re.Match[str]]]:
    """Yield every suppression with its place."""
    for place, comment in comments():
        found = pattern.search(comment)
        if found:
            yield f"{place} {comment}", found


def bare(pattern: re.Pattern[str]) -> list[str]:
    """List the suppressions that name no code, or give no reason of at least two words."""
    return [
        place
        for place, found in suppressions(pattern)
        if not found["code"] or len(re.findall(r"\w+", found["reason"])) < 2
    ]


def test_type_suppressions_name_code_and_reason() -> None:
    """`# type: ignore[code]  # reason`."""
    assert bare(TYPE) == []


def test_lint_suppressions_name_code_and_reason() -> None:
    """`# noqa: CODE - reason`."""
    assert bare(LINT) == []


def test_type_suppressions_stay_within_budget() -> None:
    """Strict typing that is switched off in a hundred places is no typing."""
    places = [
        place for place, _ in suppressions(TYPE) if place.startswith(("src", "examples/shop/src"))
    ]
    assert len(places) <= BUDGET, places


def test_no_file_is_silenced_as_a_whole() -> None:
    """A pragma at the top of a file hides what nobody has seen yet."""
    pattern = re.compile(r"#\s*(?:ruff: noqa|flake8: noqa|mypy: (?:ignore|disable|allow)|pyright:)")
    assert [place for place, _ in suppressions(pattern)] == []
