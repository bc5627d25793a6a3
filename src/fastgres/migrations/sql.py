"""The statements around a migration that are not part of it."""

from __future__ import annotations

from typing import Final

from sqlalchemy import text

# Locks are per database, so one name is enough. Released by the end of the transaction, which
# makes it safe behind a pooler, where a session's lock would stay with a stranger.
TRY_TURN: Final = text("SELECT pg_try_advisory_xact_lock(hashtextextended('fastgres migrate', 0))")

# A concurrent index build waits for every transaction that is open; with a limit on that wait it
# fails on a busy database and leaves an index that is not valid.
WAIT_FOR_LOCKS: Final = text("SET lock_timeout = 0")

# Back to what the connection began with.
LIMIT_LOCKS: Final = text("RESET lock_timeout")
