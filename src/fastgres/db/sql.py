"""The SQL text of the database part."""

PING = "SELECT 1"
"""Prove that a connection answers."""

SET_TRANSACTION_TIMEOUT = "SELECT set_config('transaction_timeout', $1, false)"
"""Bound a whole transaction; PostgreSQL 17 and later, so not a startup parameter."""

HAS_WRITTEN = "SELECT pg_current_xact_id_if_assigned() IS NOT NULL"
"""Tell whether this transaction has written anything: only then has it an id."""
