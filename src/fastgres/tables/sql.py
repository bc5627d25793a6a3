"""The statements around the versions in `versions/`: what is installed, and one step up or down."""

from __future__ import annotations

from typing import Final

from sqlalchemy import TextClause, text

# Where the versions are counted. Only the first caller needs the right to make a schema, or none
# where an administrator has made it; of two at once the second waits.
BEGIN: Final = text("""\
DO $fastgres$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('fastgres tables', 0));
    IF to_regnamespace('fastgres') IS NULL THEN
        CREATE SCHEMA fastgres;
    END IF;
    IF to_regclass('fastgres.version') IS NULL THEN
        CREATE TABLE fastgres.version (
            version smallint CONSTRAINT pk_version PRIMARY KEY,
            installed_at timestamptz NOT NULL DEFAULT now()
        );
    END IF;
END
$fastgres$""")

# After the last step down; what others put into the schema stops it.
END: Final = text("""\
DO $fastgres$
BEGIN
    IF NOT EXISTS (SELECT FROM fastgres.version) THEN
        DROP TABLE fastgres.version;
        DROP SCHEMA fastgres;
    END IF;
END
$fastgres$""")

# Whether versions are counted here at all; needs no right on the schema.
IS_COUNTED: Final = text(
    "SELECT EXISTS (SELECT FROM pg_catalog.pg_class c"
    " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " WHERE n.nspname = 'fastgres' AND c.relname = 'version')"
)

# The newest version that is installed; 0 when all have been undone.
INSTALLED: Final = text("SELECT coalesce(max(version), 0) FROM fastgres.version")

_UP: Final = """\
DO $fastgres$
BEGIN
    IF NOT EXISTS (SELECT FROM fastgres.version WHERE version = {version:d}) THEN
        INSERT INTO fastgres.version (version) VALUES ({version:d});
{definition}
    END IF;
END
$fastgres$"""

_DOWN: Final = """\
DO $fastgres$
BEGIN
    IF EXISTS (SELECT FROM fastgres.version WHERE version = {version:d}) THEN
        DELETE FROM fastgres.version WHERE version = {version:d};
{definition}
    END IF;
END
$fastgres$"""


def step_up(version: int, definition: str) -> TextClause:
    """Install a version where it is missing, in one statement that can also be printed."""
    return text(_UP.format(version=version, definition=definition))


def step_down(version: int, definition: str) -> TextClause:
    """Undo a version where it is installed."""
    return text(_DOWN.format(version=version, definition=definition))
