"""Looking after the tables of fastgres while a worker runs."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Final

from fastgres.errors import ProblemError
from fastgres.observability import get_logger
from fastgres.tables import prune, warn_of_holdups

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

log = get_logger(__name__)

INTERVAL: Final = 60.0
"""Seconds between two rounds, more or less."""


async def keep_tables(engine: AsyncEngine) -> None:
    """Delete what has expired and warn of what holds vacuum back, about every minute, for ever."""
    while True:
        await asyncio.sleep(INTERVAL * random.uniform(0.5, 1.5))  # noqa: S311 - no secret, only spread
        try:
            await prune(engine)
            await warn_of_holdups(engine)
        except ProblemError as error:
            log.warning("tables not looked after", error=error.code)
