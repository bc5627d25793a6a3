"""Laying out a generated revision as the code of the project is laid out."""

from __future__ import annotations

import asyncio
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

_STEPS: Final = (
    ("check", "--quiet", "--fix-only", "--select=F401,I,UP"),
    ("format", "--quiet"),
)


async def lay_out(file: Path) -> None:
    """Sort imports and wrap lines with ruff where it is installed; else leave the file alone."""
    if find_spec("ruff") is None:
        return
    for step in _STEPS:
        program = (sys.executable, "-m", "ruff", *step, str(file))
        process = await asyncio.create_subprocess_exec(*program)
        await process.wait()
