"""The statements with which test databases are made, marked, found and dropped."""

from __future__ import annotations

import re
from typing import Final

from sqlalchemy import TextClause, text

# Whether this role may make databases; superusers may without the attribute.
MAY_CREATE: Final = text(
    "SELECT rolcreatedb OR rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user"
)

# Our role, which owns what we make: two roles cannot share a template.
CURRENT_ROLE: Final = text("SELECT current_user::text")

# The comments of all databases of this role whose name starts with our prefix, with the number
# of connections to each. A database without a comment is not ours, whatever its name.
OWN_DATABASES: Final = text(
    "SELECT d.datname::text, pg_catalog.shobj_description(d.oid, 'pg_database'),"
    " (SELECT count(*) FROM pg_catalog.pg_stat_activity a WHERE a.datid = d.oid)"
    " FROM pg_catalog.pg_database d JOIN pg_catalog.pg_roles r ON r.oid = d.datdba"
    " WHERE pg_catalog.starts_with(d.datname::text, :prefix) AND r.rolname = current_user"
    " AND pg_catalog.shobj_description(d.oid, 'pg_database') IS NOT NULL"
)

# The comment of one database: no row when there is no such database, NULL when it has none.
COMMENT: Final = text(
    "SELECT pg_catalog.shobj_description(oid, 'pg_database')"
    " FROM pg_catalog.pg_database WHERE datname = :name"
)

# A COMMENT statement with its literal quoted by the server: utility statements take no parameters.
QUOTED_COMMENT: Final = text(
    "SELECT pg_catalog.format('COMMENT ON DATABASE %I IS %L', CAST(:name AS text),"
    " CAST(:comment AS text))"
)

# Locks named by a text, released when the connection ends, so that a killed run holds none.
# Tried, never waited for: a statement that waits would need a timeout of its own.
TRY_LOCK: Final = text("SELECT pg_try_advisory_lock(hashtextextended(:lock, 0))")
TRY_SHARED_LOCK: Final = text("SELECT pg_try_advisory_lock_shared(hashtextextended(:lock, 0))")
UNLOCK: Final = text("SELECT pg_advisory_unlock(hashtextextended(:lock, 0))")

# A debugger may stop a test for minutes while its transaction is open.
ENDLESS_TRANSACTIONS: Final = text(
    "SELECT set_config(name, '0', false) FROM pg_catalog.pg_settings"
    " WHERE name IN ('idle_in_transaction_session_timeout', 'transaction_timeout')"
)

_NAME: Final = re.compile(r"[a-z0-9_]{1,63}")


def create_database(name: str, template: str) -> TextClause:
    """Copy the database `template`; nobody may be connected to it."""
    return text(f"CREATE DATABASE {_plain(name)} TEMPLATE {_plain(template)}")


def drop_database(name: str) -> TextClause:
    """Drop a database and end the connections that a failed test left behind."""
    return text(f"DROP DATABASE {_plain(name)} WITH (FORCE)")


def close_to_connections(name: str) -> TextClause:
    """Let nobody connect, so that a template can always be copied and never be changed."""
    return text(f"ALTER DATABASE {_plain(name)} WITH ALLOW_CONNECTIONS false")


def rename_database(name: str, new_name: str) -> TextClause:
    """Give a finished template its name, which is what makes it visible to other runs."""
    return text(f"ALTER DATABASE {_plain(name)} RENAME TO {_plain(new_name)}")


def _plain(name: str) -> str:
    if not _NAME.fullmatch(name):
        message = f"{name!r} is not a plain database name."
        raise ValueError(message)
    return name
