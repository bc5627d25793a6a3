"""The schema that the code needs: brought there in development, demanded in production."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastgres.errors import MigrationError
from fastgres.observability import get_logger

if TYPE_CHECKING:
    from fastgres.dev.workplace import Workplace

log = get_logger(__name__)


async def bring_to_head(workplace: Workplace, url: str) -> None:
    """Run the migrations that the database lacks, and say which."""
    for revision in await workplace.migrator(url).upgrade():
        log.info("migrated", revision=revision.id, message=revision.message)


async def require_head(workplace: Workplace, url: str) -> None:
    """Raise `MigrationError`, which says the command, when the database lacks a migration."""
    if not await workplace.migrator(url).at_head():
        raise MigrationError(
            "The schema of the database is not at the head of the migrations, so the code could "
            "meet tables it does not know. Run `fastgres db upgrade`, or start with "
            "`fastgres serve --migrate`; `fastgres db status` says what is missing."
        )
