"""A decision that nothing enforces is a wish."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))


def identifier(path: Path) -> str:
    """Name a page in test reports."""
    return path.stem


@pytest.mark.parametrize("page", DECISIONS, ids=identifier)
def test_decision_has_all_sections(page: Path) -> None:
    """Every page answers the same four questions, in the same order."""
    sections = re.findall(r"^## (.+)$", page.read_text(), re.MULTILINE)
    assert sections == ["Context", "Decision", "Consequences", "Alternatives"]


@pytest.mark.parametrize("page", DECISIONS, ids=identifier)
def test_decision_carries_its_number(page: Path) -> None:
    """The title starts with the number of the file."""
    assert page.read_text().startswith(f"# {int(page.stem[:4])}. ")


@pytest.mark.parametrize("page", DECISIONS, ids=identifier)
def test_decision_names_what_enforces_it(page: Path) -> None:
    """The last paragraph, `Enforced by:`, names files of this repository that exist."""
    last = page.read_text().rstrip().split("\n\n")[-1]
    assert last.startswith("Enforced by: ")
    paths = re.findall(r"`([\w./-]+\.\w+)`", last)
    assert paths
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_numbers_are_used_once() -> None:
    """Two pages with one number cannot be told apart in a commit message."""
    assert len({page.stem[:4] for page in DECISIONS}) == len(DECISIONS)
