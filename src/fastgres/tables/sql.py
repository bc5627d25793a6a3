"""The statements around the versions in `versions/`: what is installed, and one step up or down."""

from __future__ import annotations

from typing import Final

from sqlalchemy import TextClause, text

# Where the versions are counted. Only the first caller needs the right to make a schema, or none
# where an administrator has made it; of two at once the second waits. A role with the name of the
# schema would from then on make its tables there: unqualified names go to "$user" first.
BEGIN: Final = text("""\
DO $fastgres$
BEGIN
    IF current_user = 'fastgres' AND current_setting('search_path') LIKE '%$user%' THEN
        RAISE EXCEPTION 'the role fastgres would make all its tables in the schema fastgres, '
            'because "$user" comes first in its search_path. '
            'Run ALTER ROLE fastgres SET search_path = public, and connect again';
    END IF;
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


def grants(role: str) -> tuple[TextClause, ...]:
    """Let a role that owns nothing work with the tables, those of later versions included."""
    name = '"' + role.replace('"', '""') + '"'
    rights = "SELECT, INSERT, UPDATE, DELETE ON"
    return (
        text(_escaped(f"GRANT USAGE ON SCHEMA fastgres TO {name}")),
        text(_escaped(f"GRANT {rights} ALL TABLES IN SCHEMA fastgres TO {name}")),
        text(
            _escaped(
                "ALTER DEFAULT PRIVILEGES IN SCHEMA fastgres"
                f" GRANT {rights.removesuffix(' ON')} ON TABLES TO {name}"
            )
        ),
        text(_escaped(f"REVOKE INSERT, UPDATE, DELETE ON fastgres.version FROM {name}")),
    )


# One pruner at a time; whoever comes second has nothing to do.
TRY_TURN: Final = text("SELECT pg_try_advisory_xact_lock(hashtextextended('fastgres prune', 0))")

_BATCH: Final = """\
DELETE FROM fastgres.{table} WHERE ctid = ANY (ARRAY(
    SELECT t.ctid FROM fastgres.{table} AS t WHERE {condition}
    ORDER BY t.{oldest} LIMIT :size FOR UPDATE SKIP LOCKED
))"""


def prune(table: str, *, oldest: str, condition: str) -> TextClause:
    """Delete at most `size` rows, the oldest first, none that somebody else works with.

    By their places, which a locked row keeps: a join by key is planned as a scan of the table.
    """
    return text(_BATCH.format(table=table, oldest=oldest, condition=condition))


# What is no longer needed, table by table. Dead jobs are left to people. The newest tick of a
# schedule stays, however old: it says how far the schedule got. A worker that has not been seen
# for a day has lost its jobs to others long ago.
PRUNED: Final = {
    "idempotency": prune(
        "idempotency",
        oldest="expires_at",
        condition="t.expires_at < now() AND (t.locked_until IS NULL OR t.locked_until < now())",
    ),
    "job_results": prune("job_results", oldest="expires_at", condition="t.expires_at < now()"),
    "job_inbox": prune(
        "job_inbox", oldest="done_at", condition="t.done_at < now() - interval '7 days'"
    ),
    "cron_ticks": prune(
        "cron_ticks",
        oldest="tick",
        condition="t.tick < now() - interval '7 days' AND EXISTS (SELECT FROM fastgres.cron_ticks"
        " AS newer WHERE newer.name = t.name AND newer.tick > t.tick)",
    ),
    "workers": prune("workers", oldest="seen_at", condition="t.seen_at < now() - interval '1 day'"),
}

# Who holds back the removal of dead rows in this database. A transaction does while it has a
# snapshot or an id; one that idles without either does not, nor does VACUUM itself. What a
# replication slot or a standby holds has no time before PostgreSQL 17, only a distance.
HOLDUPS: Final = text("""\
SELECT CASE WHEN a.state LIKE 'idle in transaction%' THEN 'idle in transaction'
            ELSE 'transaction' END AS kind,
    format('process %s of %s, %s', a.pid, a.usename, coalesce(nullif(a.application_name, ''),
        'unnamed')) AS name,
    CAST(extract(epoch FROM clock_timestamp() - a.xact_start) AS float8) AS seconds,
    age(coalesce(a.backend_xmin, a.backend_xid)) AS transactions
FROM pg_catalog.pg_stat_activity a
WHERE a.datname = current_database() AND a.pid <> pg_backend_pid()
    AND (a.backend_xmin IS NOT NULL OR a.backend_xid IS NOT NULL)
    AND a.backend_type <> 'walsender'
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_progress_vacuum v WHERE v.pid = a.pid)
    AND a.xact_start < clock_timestamp() - make_interval(secs => :seconds)
UNION ALL
SELECT 'prepared transaction', format('%s of %s', p.gid, p.owner),
    CAST(extract(epoch FROM clock_timestamp() - p.prepared) AS float8), age(p.transaction)
FROM pg_catalog.pg_prepared_xacts p
WHERE p.database = current_database()
    AND p.prepared < clock_timestamp() - make_interval(secs => :seconds)
UNION ALL
SELECT 'replication slot', s.slot_name,
    CAST(extract(epoch FROM clock_timestamp()
        - CAST(to_jsonb(s) ->> 'inactive_since' AS timestamptz)) AS float8),
    greatest(age(s.xmin), age(s.catalog_xmin))
FROM pg_catalog.pg_replication_slots s
WHERE (s.xmin IS NOT NULL OR s.catalog_xmin IS NOT NULL)
    AND (s.database IS NULL OR s.database = current_database())
    AND (NOT s.active OR age(s.xmin) > :transactions)
    AND coalesce(CAST(to_jsonb(s) ->> 'inactive_since' AS timestamptz), '-infinity')
        < clock_timestamp() - make_interval(secs => :seconds)
UNION ALL
SELECT 'standby', coalesce(nullif(r.application_name, ''), 'unnamed'), NULL, age(r.backend_xmin)
FROM pg_catalog.pg_stat_replication r
WHERE age(r.backend_xmin) > :transactions
ORDER BY seconds DESC NULLS LAST""")


def _escaped(statement: str) -> str:
    """Keep a colon in somebody's name from reading as a parameter."""
    return statement.replace(":", r"\:")
