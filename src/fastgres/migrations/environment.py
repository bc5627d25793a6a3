"""What a project's `env.py` calls: the one place that configures Alembic's runs."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from alembic import context
from sqlalchemy import event

from fastgres.db import Database
from fastgres.errors import MigrationError
from fastgres.migrations import checks, sql
from fastgres.migrations.enums import notice_enum_changes
from fastgres.settings import Project, load_settings

if TYPE_CHECKING:
    from sqlalchemy import Connection, MetaData

    from fastgres.settings import Settings


def run(metadata: MetaData) -> None:
    """Run the command that Alembic was given, for the tables of `metadata`.

    This is the whole of a project's `migrations/env.py`. Each revision is a transaction of its
    own, so that locks are held no longer than one revision and a failure keeps those before it.

    ```python
    from fastgres.migrations import Migrator, run
    from shop.models import Base

    def env() -> None:
        run(Base.metadata)

    assert callable(env)
    ```
    """
    notice_enum_changes()
    connection: Connection | None = context.config.attributes.get("connection")
    if context.is_offline_mode():
        _print_sql(metadata)
    elif connection is None:
        asyncio.run(_run_alone(metadata))
    else:
        _run_on(connection, metadata)


def migrating(settings: Settings) -> Settings:
    """Return the settings of a connection that migrates.

    A statement may take as long as the data needs, but may not wait long for a lock: all others
    that need the table queue up behind it.
    """
    limits = {
        "database_statement_timeout": 0,
        "database_idle_in_transaction_timeout": 0,
        "database_transaction_timeout": 0,
    }
    return settings.model_copy(update=limits)


def _options(metadata: MetaData) -> dict[str, Any]:
    return {
        "target_metadata": metadata,
        "transaction_per_migration": True,
        "compare_type": True,
        "compare_server_default": True,
        "autogenerate_plugins": [
            "alembic.autogenerate.*",
            "alembic.ext.checkconstraint_byname",
            checks.NAME,
        ],
    }


def _run_on(connection: Connection, metadata: MetaData) -> None:
    _let_concurrent_builds_wait(connection)
    context.configure(connection=connection, **_options(metadata))
    with context.begin_transaction():
        context.run_migrations()


def _print_sql(metadata: MetaData) -> None:
    context.configure(dialect_name="postgresql", literal_binds=True, **_options(metadata))
    with context.begin_transaction():
        context.run_migrations()


async def _run_alone(metadata: MetaData) -> None:
    """Serve `alembic` itself, which knows no settings."""
    settings: Settings = load_settings(Project.find().load("settings"))
    if settings.database_url is None:
        message = (
            "DATABASE_URL is not set, and `alembic` does not start the embedded PostgreSQL. "
            "Use `fastgres db ...`, which does, or set DATABASE_URL."
        )
        raise MigrationError(message)
    database = Database(settings.database_url.get_secret_value(), migrating(settings))
    try:
        async with database.engine.connect() as connection:
            await connection.run_sync(_run_on, metadata)
    finally:
        await database.close()


def _let_concurrent_builds_wait(connection: Connection) -> None:
    """Take the limit on lock waits away from CONCURRENTLY alone; see `WAIT_FOR_LOCKS`."""

    def before(_connection: Connection, cursor: Any, statement: str, *_: Any) -> None:
        if _is_concurrent(statement):
            cursor.execute(str(sql.WAIT_FOR_LOCKS))

    def after(_connection: Connection, cursor: Any, statement: str, *_: Any) -> None:
        if _is_concurrent(statement):
            cursor.execute(str(sql.LIMIT_LOCKS))

    event.listen(connection, "before_cursor_execute", before)
    event.listen(connection, "after_cursor_execute", after)


def _is_concurrent(statement: str) -> bool:
    return "CONCURRENTLY" in statement.upper()
