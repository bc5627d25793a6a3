"""The statements around a migration that are not part of it."""

from __future__ import annotations

from typing import Final

from sqlalchemy import text

# Locks are per database, so one name is enough. Released by the end of the transaction, which
# makes it safe behind a pooler, where a session's lock would stay with a stranger.
TRY_TURN: Final = text("SELECT pg_try_advisory_xact_lock(hashtextextended('fastgres migrate', 0))")

# asyncpg leaves the portal of a SELECT open until its next statement, and with it the snapshot; a
# savepoint takes its place and has none.
LET_GO_OF_SNAPSHOT: Final = text("SAVEPOINT without_snapshot")

# A concurrent index build waits for every transaction that is open; with a limit on that wait it
# fails on a busy database and leaves an index that is not valid.
WAIT_FOR_LOCKS: Final = text("SET lock_timeout = 0")

# Back to what the connection began with.
LIMIT_LOCKS: Final = text("RESET lock_timeout")


def add_enum_value(schema: str, name: str, *, value: str, before: str | None) -> str:
    """Extend an enum type in place, which rewrites no table.

    The value cannot be used before the revision is committed.
    """
    place = f" BEFORE {_literal(before)}" if before is not None else ""
    return f"ALTER TYPE {_name(schema)}.{_name(name)} ADD VALUE {_literal(value)}{place}"


def _literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _name(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'
