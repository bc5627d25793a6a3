"""What the verbs of `fastgres db` do, as plain functions; imported by the verb that needs it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from fastgres.app import jobs_of
from fastgres.db import dsn
from fastgres.dev import Workplace, database_name, recreate
from fastgres.errors import ConfigurationError, DriftError
from fastgres.idempotency import prepare_idempotent
from fastgres.migrations import Revision
from fastgres.observability import configure_logging
from fastgres.settings import mask_credentials
from fastgres.tables import LATEST, Holdup, find_holdups, installed


def write_revision(message: str, *, empty: bool) -> str:
    """Write a revision and return the path of its file."""
    workplace = Workplace.here()
    with workplace.address() as url:
        return str(asyncio.run(workplace.migrator(url).new(message, empty=empty)))


def write_tables_revision() -> str | None:
    """Write the revision for the tables of fastgres; None when the database has them."""
    workplace = Workplace.here()
    with workplace.address() as url:
        file = asyncio.run(workplace.migrator(url).new_tables())
    return None if file is None else str(file)


def apply(revision: str) -> tuple[Revision, ...]:
    """Apply what is pending up to a revision and return it."""
    workplace = Workplace.here()
    with workplace.address() as url:
        return asyncio.run(workplace.migrator(url).upgrade(revision))


def undo(revision: str) -> tuple[str, ...]:
    """Undo down to a revision and return where the database stands then."""
    workplace = Workplace.here()

    async def downgrade(url: str) -> tuple[str, ...]:
        migrator = workplace.migrator(url)
        await migrator.downgrade(revision)
        return (await migrator.status()).current

    with workplace.address() as url:
        return asyncio.run(downgrade(url))


def read_status() -> dict[str, Any]:
    """Return where the database stands, in plain values."""
    workplace = _quiet_workplace()
    with workplace.address() as url:
        status = asyncio.run(workplace.migrator(url).status())
        version, holdups = asyncio.run(_look_after(workplace, url))
    return {
        "at_head": status.at_head,
        "current": list(status.current),
        "heads": list(status.heads),
        "pending": [
            {"id": one.id, "message": one.message, "path": str(one.path)} for one in status.pending
        ],
        "tables": {"installed": version, "latest": LATEST},
        "holdups": [{**asdict(one), "sentence": str(one)} for one in holdups],
    }


def _quiet_workplace() -> Workplace:
    """Return that of the working directory; what goes wrong is told once, by the command."""
    workplace = Workplace.here()
    configure_logging(workplace.settings.model_copy(update={"log_level": "ERROR"}))
    return workplace


async def _look_after(workplace: Workplace, url: str) -> tuple[int, list[Holdup]]:
    database = workplace.database(url)
    try:
        return await installed(database.engine), await find_holdups(database.engine)
    finally:
        await database.close()


def find_differences() -> list[str]:
    """Return how models, migrations and database differ, a sentence each."""
    workplace = _quiet_workplace()
    with workplace.address() as url:
        missing = _missing_tables(workplace, url)
        try:
            asyncio.run(workplace.migrator(url).check())
        except DriftError as error:
            return [*error.differences, *missing]
    return missing


def _missing_tables(workplace: Workplace, url: str) -> list[str]:
    """Return a sentence when the service would not start for want of the tables of fastgres."""
    app = workplace.make_application()
    asked = {"jobs": bool(jobs_of(app)), "idempotent routes": prepare_idempotent(app)}
    needs = [name for name, needed in asked.items() if needed]
    if not needs or asyncio.run(_look_after(workplace, url))[0]:
        return []
    difference = (
        f"the tables of fastgres are missing, and the {' and '.join(needs)} of this service cannot "
        "do without: `fastgres db tables` writes the revision"
    )
    return [difference]


def find_url(*, show_password: bool) -> str:
    """Return the URL of the database as libpq takes it; nothing is started."""
    found = dsn(Workplace.here().url)
    return found if show_password else mask_credentials(found)


def reset(confirm: Callable[[str, str], None] | None) -> None:
    """Make the database anew and bring it to head; `confirm` raises to stop it.

    Raises:
        ConfigurationError: in production, asked or not.
    """
    workplace = Workplace.here()
    if workplace.settings.is_production:
        raise ConfigurationError(
            "ENVIRONMENT is production, where the database is not dropped, whatever is said. "
            "If this is not production, say so: ENVIRONMENT=development."
        )
    with workplace.address() as url:
        if confirm is not None:
            where = "embedded" if workplace.is_embedded else mask_credentials(url)
            confirm(database_name(url), where)
        asyncio.run(_make_anew(workplace, url))


async def _make_anew(workplace: Workplace, url: str) -> None:
    await recreate(url)
    await workplace.migrator(url).upgrade()
