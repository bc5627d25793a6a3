"""A decision that nothing enforces is a wish."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
SECTIONS = ["Context", "Decision", "Consequences", "Alternatives", "Enforced by"]


def identifier(path: Path) -> str:
    """Name a page in test reports."""
    return path.stem


@pytest.mark.parametrize("page", DECISIONS, ids=identifier)
def test_decision_has_all_sections(page: Path) -> None:
    """Every page answers the same five questions, in the same order."""
    assert re.findall(r"^## (.+)$", page.read_text(), re.MULTILINE) == SECTIONS


@pytest.mark.parametrize("page", DECISIONS, ids=identifier)
def test_decision_names_what_enforces_it(page: Path) -> None:
    """`Enforced by` names files of this repository that exist."""
    named = re.findall(r"`([\w./-]+)`", page.read_text().split("## Enforced by")[1])
    paths = [name for name in named if "/" in name or name.endswith((".toml", ".py"))]
    assert paths
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_index_lists_every_decision() -> None:
    """The index names each page once, in order."""
    index = (ROOT / "docs" / "decisions" / "README.md").read_text()
    assert re.findall(r"\]\(([0-9][\w-]+\.md)\)", index) == [page.name for page in DECISIONS]
