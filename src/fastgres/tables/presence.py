"""The check at start-up of who needs the tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastgres.errors import MigrationError, UnavailableError
from fastgres.observability import get_logger
from fastgres.tables.versioning import LATEST, installed

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

log = get_logger(__name__)


async def require_tables(engine: AsyncEngine, *, needed_by: str, version: int = LATEST) -> None:
    """Return when the database has the tables at `version` or a later one.

    `needed_by` is the subject of the message. A database that is away is none without tables:
    that is logged, since a service starts without its database.

    Raises:
        MigrationError: the tables are missing or older; says which commands to run.

    ```python
    from fastgres.tables import require_tables

    await require_tables(database.engine, needed_by="the jobs of this service")
    ```
    """
    try:
        found = await installed(engine)
    except UnavailableError as error:
        log.warning("tables of fastgres not checked", needed_by=needed_by, error=str(error))
        return
    if found < version:
        state = f"at version {found}" if found else "missing"
        message = (
            f"The tables of fastgres are {state} in this database, and {needed_by} cannot do "
            f"without version {version}. Write a revision for them with `fastgres db tables`, "
            "then apply it with `fastgres db upgrade`."
        )
        raise MigrationError(message)
