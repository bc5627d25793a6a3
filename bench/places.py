"""Where the benchmark keeps its things: all inside the checkout, most of it ignored by git."""

from __future__ import annotations

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
CACHE: Final = ROOT / ".cache" / "bench"
POSTGRES: Final = CACHE / "postgres"
LOGS: Final = CACHE / "logs"
PEERS: Final = ROOT / ".cache" / "bench-env" / "bin" / "python"
DRIZZLE: Final = ROOT / "bench" / "contestants" / "drizzle"
DATA: Final = ROOT / "bench" / "data"
SCRIPT: Final = ROOT / "bench" / "wrk.lua"
BUILD: Final = ROOT / "build"
DOCS: Final = ROOT / "docs"
