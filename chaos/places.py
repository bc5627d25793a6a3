"""Where the suite keeps its things: all inside the checkout, ignored by git."""

from __future__ import annotations

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
CACHE: Final = ROOT / ".cache" / "chaos"
POSTGRES: Final = CACHE / "postgres"
SMALL: Final = CACHE / "small"
"""The mount point of the disk that is filled."""
BUILD: Final = ROOT / "build"
TALLIES: Final = BUILD / "chaos" / "tallies.json"
"""What a run has made so far."""
LOGS: Final = BUILD / "chaos"
PAGE: Final = ROOT / "docs" / "reliability.md"
PATH: Final = ":".join(str(ROOT / each) for each in ("", "src", "examples/shop/src"))
"""Where processes find what they run: in this checkout, wherever the environment looks."""
SERVICE: Final = ROOT / "chaos" / "service"
"""The project that is served: the shop, with switches for planted bugs."""
