"""The statements of the provider's store, which is SQLite: one file, no server."""

TABLES = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA busy_timeout = 5000",
    """
    CREATE TABLE IF NOT EXISTS replies (
        number INTEGER PRIMARY KEY,
        key TEXT NOT NULL UNIQUE,
        fingerprint TEXT NOT NULL,
        status INTEGER NOT NULL,
        body TEXT NOT NULL
    )
    """,
)
"""One row for each key; a charge and what was said of it cannot be told apart."""

BEGIN = "BEGIN IMMEDIATE"
"""Take the lock for writing first, so that twins of a key follow each other."""

FIND = "SELECT fingerprint, status, body FROM replies WHERE key = ?"
"""Find what a key was answered."""

KEEP = "INSERT INTO replies (key, fingerprint, status, body) VALUES (?, ?, ?, ?)"
"""Keep what a key is answered."""

ALL = "SELECT body FROM replies ORDER BY number"
"""List what was answered."""
