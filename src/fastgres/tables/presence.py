"""The check at start-up of who needs the tables."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from asyncpg import PostgresError
from sqlalchemy.exc import DBAPIError

from fastgres.db import sqlstate
from fastgres.errors import MigrationError, UnavailableError
from fastgres.observability import get_logger
from fastgres.tables.versioning import LATEST, installed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.ext.asyncio import AsyncEngine

log = get_logger(__name__)

_UNDEFINED: Final = frozenset({"3F000", "42P01"})
"""The SQLSTATEs for a schema and for a table that are not there."""


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
        raise MigrationError(_told(state, f"{needed_by} cannot do without version {version}"))


@contextmanager
def tables_needed(by: str) -> Iterator[None]:
    """Say which commands to run, where a statement on the tables finds that there are none.

    For what may come without a start-up check, as a test that asks for no client. `by` is the
    subject of the message; the statement is fastgres's, so what is undefined is too.

    ```python
    from fastgres.tables import tables_needed
    from sqlalchemy import text

    with tables_needed("the job 'greet'"):
        await session.execute(text("SELECT count(*) FROM fastgres.jobs"))
    ```
    """
    try:
        yield
    except (DBAPIError, PostgresError) as error:
        if sqlstate(error) not in _UNDEFINED:
            raise
        raise MigrationError(_told("missing", f"{by} cannot do without")) from None


def _told(state: str, why: str) -> str:
    return (
        f"The tables of fastgres are {state} in this database, and {why}. Write a revision for "
        "them with `fastgres db tables`, then apply it with `fastgres db upgrade`."
    )
