"""The SQL text of the queue. Every moment in it is the database's: no worker's clock counts.

`:name` are bound through SQLAlchemy in a session of the caller, `$1` on a connection of the worker
or by `run_inside`.
"""

from __future__ import annotations

from typing import Final

_CLAIMED = """\
UPDATE fastgres.jobs AS job
SET state = 'running', attempt = job.attempt + 1, worker = $2, started_at = now(),
    lease_until = now() + make_interval(secs => $3)
FROM picked WHERE job.id = picked.id
RETURNING job.id, job.attempt, job.name, job.version, CAST(job.arguments AS text),
          CAST(job.headers AS text), job.max_attempts, job.queue, job.priority, job.run_at"""

_FENCE = """\
job.id = given.id AND job.attempt = given.attempt AND job.worker = $1 AND job.state = 'running'"""

_COLUMNS = """id, queue, name, version, arguments, headers, priority, state, run_at, created_at,
    attempt, max_attempts, worker, lease_until, started_at, unique_key, target, sent_at, progress"""


_RUN_AT = """\
greatest(now(), CAST($10 AS timestamptz),
         now() + make_interval(secs => CAST($11 AS double precision)))"""


def _filled(statement: str) -> str:
    """Put in the fragments that several statements share."""
    fragments = {
        "{claimed}": _CLAIMED,
        "{fence}": _FENCE,
        "{columns}": _COLUMNS,
        "{run_at}": _RUN_AT,
    }
    for place, fragment in fragments.items():
        statement = statement.replace(place, fragment)
    return statement


ENQUEUE: Final = _filled("""\
INSERT INTO fastgres.jobs (name, queue, version, arguments, priority, max_attempts, unique_key,
                           target, headers, run_at)
VALUES ($1, $2, $3, CAST($4 AS jsonb), $5, $6, $7, $8, CAST($9 AS jsonb),
        {run_at})
ON CONFLICT DO NOTHING
RETURNING id""")
"""Insert one job in the caller's transaction; no row for a twin of one that waits."""

ENQUEUE_AND_WAKE: Final = ENQUEUE + ", pg_notify($12, '')"
"""The same, and wake the workers of its queue on channel $12."""

ENQUEUE_MANY: Final = _filled("""\
WITH given AS MATERIALIZED (
    SELECT nextval('fastgres.jobs_id_seq') AS id, nr, name, queue, version, arguments,
           priority, max_attempts, unique_key, target
    FROM unnest(
        CAST($1 AS text[]), CAST($2 AS text[]), CAST($3 AS smallint[]), CAST($4 AS text[]),
        CAST($5 AS smallint[]), CAST($6 AS smallint[]), CAST($7 AS text[]), CAST($8 AS text[])
    ) WITH ORDINALITY AS row
        (name, queue, version, arguments, priority, max_attempts, unique_key, target, nr)
), added AS (
    INSERT INTO fastgres.jobs (id, name, queue, version, arguments, headers, priority,
                               max_attempts, unique_key, target, run_at)
    SELECT id, name, queue, version, CAST(arguments AS jsonb), CAST($9 AS jsonb), priority,
           max_attempts, unique_key, target,
           {run_at}
    FROM given
    ORDER BY id
    ON CONFLICT DO NOTHING
    RETURNING id
)
SELECT added.id,
       (SELECT count(pg_notify(channel, '')) FROM unnest(CAST($12 AS text[])) AS channel)
FROM given LEFT JOIN added USING (id)
ORDER BY nr""")
"""Insert jobs in the caller's transaction and wake workers; a twin that waits gives no id.

The ids are taken first, so that each result can be told from the others after a conflict.
"""

COMPLETE: Final = """\
DELETE FROM fastgres.jobs
WHERE id = :id AND attempt = :attempt AND worker = :worker AND state = 'running'
RETURNING id"""
"""End an attempt inside the transaction of its effect; no row when it is not its owner's."""

CLAIM: Final = _filled("""\
WITH picked AS MATERIALIZED (
    SELECT due.id
    FROM unnest($1::text[]) AS wanted (queue)
    CROSS JOIN LATERAL (
        SELECT id FROM fastgres.jobs
        WHERE state = 'ready' AND target = 'local' AND queue = wanted.queue AND run_at <= now()
        ORDER BY priority, run_at, id
        LIMIT $4
        FOR UPDATE SKIP LOCKED
    ) AS due
    LIMIT $4
)
{claimed}""")
"""Take up to $4 due jobs of the queues $1, those of the first queue first.

The rows are picked in a materialized step: the planner may run a plain subquery again for each
row it updates, and claim more than asked. A join by queue keeps each scan in index order.
"""

CLAIM_LANES: Final = _filled("""\
WITH picked AS MATERIALIZED (
    SELECT due.id
    FROM unnest($1::text[], $5::smallint[], $6::timestamptz[]) AS lane (queue, priority, since)
    CROSS JOIN LATERAL (
        SELECT id FROM fastgres.jobs
        WHERE state = 'ready' AND target = 'local'
          AND queue = lane.queue AND priority = lane.priority
          AND run_at <= now() AND run_at >= lane.since
        ORDER BY run_at, id
        LIMIT $4
        FOR UPDATE SKIP LOCKED
    ) AS due
    LIMIT $4
)
{claimed}""")
"""Take up to $4 due jobs of known queues and priorities, from where the last claim stood.

What was claimed and deleted before that place is not walked over again. While an old transaction
holds vacuum back these are all the jobs since it began.
"""

ACKNOWLEDGE: Final = _filled("""\
WITH done AS (
    DELETE FROM fastgres.jobs AS job
    USING unnest($2::bigint[], $3::smallint[], $4::text[], $5::float8[])
        AS given (id, attempt, result, keep)
    WHERE {fence}
    RETURNING job.id, job.name, given.result, given.keep
), kept AS (
    INSERT INTO fastgres.job_results (id, name, result, expires_at)
    SELECT id, name, CAST(result AS jsonb), now() + make_interval(secs => keep)
    FROM done WHERE keep > 0
)
SELECT id FROM done""")
"""End attempts that succeeded. Fenced: a row that another attempt has by now is not returned."""

PUT_BACK: Final = _filled("""\
UPDATE fastgres.jobs AS job
SET state = 'ready', attempt = job.attempt - given.refund, worker = NULL, lease_until = NULL,
    run_at = coalesce(now() + make_interval(secs => given.delay), job.run_at),
    last_error = coalesce(given.error, job.last_error)
FROM unnest($2::bigint[], $3::smallint[], $4::smallint[], $5::float8[], $6::text[])
    AS given (id, attempt, refund, delay, error)
WHERE {fence}
RETURNING job.id""")
"""Let attempts wait for the next one; `refund` says that this one does not count."""

POSTPONE: Final = _filled("""\
UPDATE fastgres.jobs AS job
SET state = 'ready', attempt = job.attempt - 1, worker = NULL, lease_until = NULL,
    last_error = given.error,
    run_at = now() + least(greatest(now() - job.created_at, interval '5 seconds'),
                           interval '10 minutes')
FROM unnest($2::bigint[], $3::smallint[], $4::text[]) AS given (id, attempt, error)
WHERE {fence}
RETURNING job.id""")
"""Let jobs wait that this release does not know, the longer the older they are.

They stay visible and out of the way: at the front of the queue they would be claimed again at once.
"""

BURY: Final = _filled("""\
WITH gone AS (
    DELETE FROM fastgres.jobs AS job
    USING unnest($2::bigint[], $3::smallint[], $4::text[], $5::text[])
        AS given (id, attempt, reason, error)
    WHERE {fence}
    RETURNING job.*, given.reason, given.error
)
INSERT INTO fastgres.dead_jobs ({columns}, last_error, reason)
SELECT {columns}, coalesce(error, last_error), reason FROM gone
RETURNING id""")
"""Move jobs that failed for good to the dead letters."""

RENEW: Final = _filled("""\
WITH given AS MATERIALIZED (
    SELECT id, attempt FROM unnest($3::bigint[], $4::smallint[]) AS given (id, attempt)
), mine AS MATERIALIZED (
    SELECT job.id FROM given JOIN fastgres.jobs AS job ON {fence} FOR UPDATE OF job SKIP LOCKED
), renewed AS (
    UPDATE fastgres.jobs AS job SET lease_until = now() + make_interval(secs => $2)
    FROM mine WHERE job.id = mine.id
    RETURNING job.id
), seen AS (
    INSERT INTO fastgres.workers (id, host, pid, queues, concurrency)
    VALUES ($1, $5, $6, $7, $8)
    ON CONFLICT (id) DO UPDATE SET seen_at = now()
)
SELECT given.id, given.attempt, renewed.id IS NOT NULL, job.id IS NOT NULL
FROM given
LEFT JOIN renewed ON renewed.id = given.id
LEFT JOIN fastgres.jobs AS job ON {fence}""")
"""Renew the leases of attempts and say that the worker lives; tell which are still its own.

Only of those it knows: the answer to a claim may have been lost, and such rows have to expire.
Never waits for a row: one that a job is completing in a transaction of its own is locked, and a
locked row is not rescued either.
"""

LEAVE: Final = "DELETE FROM fastgres.workers WHERE id = $1"
"""Take a worker that stopped off the list."""

RESCUE: Final = _filled("""\
WITH turn AS MATERIALIZED (
    SELECT pg_try_advisory_xact_lock(hashtextextended('fastgres jobs rescue', 0)) AS mine
), expired AS MATERIALIZED (
    SELECT id, worker,
           format('The worker %s did not renew its lease during attempt %s.', worker, attempt)
               AS reason
    FROM fastgres.jobs
    WHERE state = 'running' AND lease_until < now() AND (SELECT mine FROM turn)
    LIMIT 1000
    FOR UPDATE SKIP LOCKED
), buried AS (
    DELETE FROM fastgres.jobs AS job USING expired
    WHERE job.id = expired.id AND job.attempt >= job.max_attempts
    RETURNING job.*, expired.reason
), dead AS (
    INSERT INTO fastgres.dead_jobs ({columns}, last_error, reason)
    SELECT {columns}, coalesce(last_error, reason), reason FROM buried
), back AS (
    UPDATE fastgres.jobs AS job
    SET state = 'ready', worker = NULL, lease_until = NULL, last_error = expired.reason,
        run_at = now() + make_interval(secs => least((job.attempt - 1) ^ 2, 60))
    FROM expired
    WHERE job.id = expired.id AND job.attempt < job.max_attempts
    RETURNING job.id, job.name, job.attempt, expired.worker
)
SELECT id, name, attempt, worker, true FROM buried
UNION ALL
SELECT id, name, attempt, worker, false FROM back""")
"""Free the jobs of workers that stopped renewing; one worker at a time looks for them.

The attempt was counted when it was claimed, so that a job which kills its workers ends among the
dead letters.
"""

REPORT: Final = """\
UPDATE fastgres.jobs SET progress = CAST($4 AS jsonb)
WHERE id = $2 AND attempt = $3 AND worker = $1 AND state = 'running'
RETURNING id"""
"""Store how far an attempt is."""

FIND_RESULT: Final = """\
SELECT name, result, finished_at FROM fastgres.job_results
WHERE id = :id AND expires_at > now()"""
"""Return what a job returned, while it is kept."""

NOW: Final = "SELECT clock_timestamp()"
"""Ask for the time: schedules go by the database's clock."""

TICK: Final = """\
WITH given AS (
    SELECT * FROM unnest(
        $1::text[], $2::timestamptz[], $3::text[], $4::smallint[], $5::text[], $6::smallint[],
        $7::smallint[], $8::text[], $9::text[]
    ) AS row (name, tick, queue, version, arguments, priority, max_attempts, unique_key, target)
), first AS (
    INSERT INTO fastgres.cron_ticks (name, tick) SELECT name, tick FROM given
    ON CONFLICT DO NOTHING
    RETURNING name
)
INSERT INTO fastgres.jobs
    (name, queue, version, arguments, priority, max_attempts, unique_key, target)
SELECT name, queue, version, CAST(arguments AS jsonb), priority, max_attempts, unique_key, target
FROM given JOIN first USING (name)
ON CONFLICT DO NOTHING
RETURNING id, name"""
"""Enqueue scheduled jobs whose moment has come; of all workers the first one does it."""
