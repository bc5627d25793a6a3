"""A module is named after a thing of the domain."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
DRAWERS = re.compile(r"^(utils?|helpers?|common|commons|base|misc|shared|tools?|lib|stuff|core)$")


def test_no_module_is_a_drawer_for_everything() -> None:
    """`utils` grows for ever; a thing without a name of its own lives where it is used."""
    modules = [*(ROOT / "src").rglob("*.py"), *(ROOT / "tests").rglob("*.py")]
    packages = [path for path in (ROOT / "src").rglob("*") if path.is_dir()]
    assert [str(path) for path in modules + packages if DRAWERS.match(path.stem)] == []


def test_no_module_of_the_shop_is_a_drawer() -> None:
    """`shop.core` is the one word of the layout that FastAPI services expect."""
    modules = (ROOT / "examples" / "shop").rglob("*.py")
    assert [str(path) for path in modules if DRAWERS.match(path.stem)] == []
