"""The SQL text for looking after the queue: what there is, and what people do with it.

Every moment is the database's. `now()` is that of the transaction, which is a short one.
"""

from __future__ import annotations

from typing import Final

_STATE: Final = """\
CASE WHEN job.state <> 'ready' THEN job.state
     WHEN job.run_at <= now() THEN 'ready'
     WHEN job.attempt > 0 THEN 'retrying'
     ELSE 'scheduled' END"""

_SHOWN: Final = """\
job.id, job.queue, job.name, job.version, job.arguments, job.headers, job.priority, job.run_at,
       job.created_at, job.attempt, job.max_attempts, job.worker, job.lease_until, job.started_at,
       job.unique_key, job.target, job.progress, job.last_error"""

_WANTED: Final = """\
(CAST(:queue AS text) IS NULL OR job.queue = :queue)
  AND (CAST(:name AS text) IS NULL OR job.name = :name)
  AND (CAST(:ids AS bigint[]) IS NULL OR job.id = ANY(CAST(:ids AS bigint[])))"""

_OLD_ENOUGH: Final = """\
(CAST(:older_than AS float8) IS NULL
       OR {moment} < now() - make_interval(secs => CAST(:older_than AS float8)))"""

_ALIVE: Final = f"""\
{_WANTED}
  AND {_OLD_ENOUGH.format(moment="job.created_at")}
  AND (CAST(:states AS text[]) IS NULL OR {_STATE} = ANY(CAST(:states AS text[])))"""

_DEAD: Final = f"""\
{_WANTED}
  AND {_OLD_ENOUGH.format(moment="job.died_at")}
  AND (CAST(:states AS text[]) IS NULL OR 'dead' = ANY(CAST(:states AS text[])))"""

_COLUMNS: Final = """\
id, queue, name, version, arguments, headers, priority, created_at, attempt, unique_key, target,
       progress, last_error"""

_LOCKED: Final = """\
  AND job.id > :after
    ORDER BY job.id
    LIMIT :size
    FOR UPDATE SKIP LOCKED"""

_NOTIFIED: Final = """\
(SELECT count(pg_notify(CAST(:channel AS text) || queue, ''))
        FROM (SELECT DISTINCT queue FROM {moved} WHERE target = 'local') AS queues)"""

_PARTS: Final = {
    "state": _STATE,
    "shown": _SHOWN,
    "alive": _ALIVE,
    "dead": _DEAD,
    "columns": _COLUMNS,
    "locked": _LOCKED,
    "notify_revived": _NOTIFIED.format(moved="revived"),
    "notify_hurried": _NOTIFIED.format(moved="hurried"),
}


def _written(statement: str) -> str:
    """Return a statement with the parts that several have in common."""
    return statement.format_map(_PARTS)


QUEUES: Final = _written("""\
WITH waiting AS (
    SELECT queue, name, {state} AS stands, run_at,
           (known.name IS NULL AND job.target = 'local') AS gone
    FROM fastgres.jobs AS job
    LEFT JOIN unnest(CAST(:names AS text[])) AS known (name) USING (name)
), counted AS (
    SELECT queue,
           count(*) FILTER (WHERE stands = 'ready') AS ready,
           count(*) FILTER (WHERE stands = 'running') AS running,
           count(*) FILTER (WHERE stands = 'retrying') AS retrying,
           count(*) FILTER (WHERE stands = 'scheduled') AS scheduled,
           count(*) FILTER (WHERE stands = 'sent') AS sent,
           count(*) FILTER (WHERE gone AND stands <> 'sent') AS unknown,
           array_agg(DISTINCT name ORDER BY name) FILTER (WHERE gone AND stands <> 'sent')
               AS unknown_names,
           CAST(extract(epoch FROM now() - min(run_at) FILTER (WHERE stands = 'ready')) AS float8)
               AS oldest
    FROM waiting GROUP BY queue
), buried AS (
    SELECT queue, count(*) AS dead FROM fastgres.dead_jobs GROUP BY queue
), served AS (
    SELECT queue, count(*) AS workers, sum(concurrency) AS slots
    FROM fastgres.workers CROSS JOIN LATERAL unnest(queues) AS queue
    WHERE seen_at > now() - make_interval(secs => :silence)
    GROUP BY queue
)
SELECT queue, coalesce(ready, 0), coalesce(running, 0), coalesce(retrying, 0),
       coalesce(scheduled, 0), coalesce(sent, 0), coalesce(dead, 0), coalesce(unknown, 0), oldest,
       coalesce(workers, 0), coalesce(slots, 0), coalesce(unknown_names, '{{}}')
FROM counted FULL JOIN buried USING (queue) FULL JOIN served USING (queue)
ORDER BY queue""")
"""Count the jobs of each queue by where they stand, and the workers that serve it."""

WORKERS: Final = """\
SELECT id, host, pid, queues, concurrency, started_at,
       CAST(extract(epoch FROM now() - seen_at) AS float8) AS silent,
       (SELECT count(*) FROM fastgres.jobs AS job
        WHERE job.worker = workers.id AND job.state = 'running') AS running
FROM fastgres.workers
WHERE seen_at > now() - make_interval(secs => :silence)
ORDER BY host, pid, id"""
"""List the workers that were seen lately, with what each is running."""

JOBS: Final = _written("""\
SELECT * FROM (
    SELECT {shown}, {state} AS stands, CAST(NULL AS timestamptz) AS died_at,
           CAST(NULL AS text) AS reason
    FROM fastgres.jobs AS job WHERE {alive}
    UNION ALL
    SELECT {shown}, 'dead', died_at, reason
    FROM fastgres.dead_jobs AS job WHERE {dead}
) AS found
ORDER BY id DESC
LIMIT :limit""")
"""List jobs, dead ones too, the newest first."""

COUNT: Final = _written("""\
SELECT (SELECT count(*) FROM fastgres.jobs AS job WHERE {alive})
     + (SELECT count(*) FROM fastgres.dead_jobs AS job WHERE {dead})""")
"""Count jobs, dead ones too."""

REVIVE: Final = _written("""\
WITH picked AS MATERIALIZED (
    SELECT job.* FROM fastgres.dead_jobs AS job WHERE {dead}
{locked}
), revived AS (
    INSERT INTO fastgres.jobs ({columns}, max_attempts, run_at)
    SELECT {columns}, least(attempt + coalesce(given.tries, 1), 32767), greatest(run_at, now())
    FROM picked
    LEFT JOIN unnest(CAST(:names AS text[]), CAST(:tries AS int[])) AS given (name, tries)
        USING (name)
    WHERE attempt < 32767
    ON CONFLICT DO NOTHING
    RETURNING id, queue, target, run_at, max_attempts - attempt AS tries
), gone AS (
    DELETE FROM fastgres.dead_jobs AS job USING revived WHERE job.id = revived.id
)
SELECT (SELECT count(*) FROM revived), (SELECT count(*) FROM picked),
       (SELECT max(id) FROM picked), {notify_revived},
       (SELECT count(*) FROM revived WHERE run_at > now()),
       (SELECT array_agg(DISTINCT tries) FROM revived)""")
"""Move dead jobs back to the queue, with as many tries as their function allows today.

Attempts go on counting: id and attempt together are the fence. A job whose unique twin waits stays
dead. One that was cancelled before its moment keeps it; all others were due when they died.
"""

HURRY: Final = _written("""\
WITH picked AS MATERIALIZED (
    SELECT job.id FROM fastgres.jobs AS job WHERE {alive} AND job.state = 'ready'
{locked}
), hurried AS (
    UPDATE fastgres.jobs AS job SET run_at = now() FROM picked WHERE job.id = picked.id
    RETURNING job.id, job.queue, job.target
)
SELECT (SELECT count(*) FROM hurried), (SELECT count(*) FROM picked),
       (SELECT max(id) FROM picked), {notify_hurried}""")
"""Make waiting jobs due now."""

CANCEL: Final = _written("""\
WITH picked AS MATERIALIZED (
    SELECT job.id FROM fastgres.jobs AS job
    WHERE {alive} AND job.state IN ('ready', 'sent', 'running')
{locked}
), cancelled AS (
    DELETE FROM fastgres.jobs AS job USING picked WHERE job.id = picked.id
    RETURNING job.*
), buried AS (
    INSERT INTO fastgres.dead_jobs ({columns}, state, run_at, max_attempts, worker, lease_until,
                                    started_at, reason)
    SELECT {columns}, state, run_at, max_attempts, worker, lease_until, started_at, :reason
    FROM cancelled
)
SELECT (SELECT count(*) FROM cancelled), (SELECT count(*) FROM picked),
       (SELECT max(id) FROM picked), 0""")
"""Move jobs to the dead letters; one that is running is refused its end, and stopped."""

PURGE: Final = _written("""\
WITH picked AS MATERIALIZED (
    SELECT job.id FROM fastgres.dead_jobs AS job WHERE {dead}
{locked}
), gone AS (
    DELETE FROM fastgres.dead_jobs AS job USING picked WHERE job.id = picked.id RETURNING job.id
)
SELECT (SELECT count(*) FROM gone), (SELECT count(*) FROM picked),
       (SELECT max(id) FROM picked), 0""")
"""Delete dead jobs for good."""
