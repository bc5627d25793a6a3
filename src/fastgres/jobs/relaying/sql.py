"""The SQL text of the way to a broker and back. Every moment in it is the database's.

`:name` are bound through SQLAlchemy in a session, `$1` on a connection of the consumer.
"""

from __future__ import annotations

from typing import Final

PICK: Final = """\
SELECT due.id, due.name, due.queue
FROM unnest(CAST(:queues AS text[])) AS wanted (queue)
CROSS JOIN LATERAL (
    SELECT count(*) AS number FROM fastgres.jobs
    WHERE state = 'sent' AND target = :target AND queue = wanted.queue
) AS sent
CROSS JOIN LATERAL (
    SELECT id, name, queue FROM fastgres.jobs
    WHERE state = 'ready' AND target = :target AND queue = wanted.queue AND run_at <= now()
    ORDER BY priority, run_at, id
    LIMIT least(CAST(:batch AS bigint), greatest(CAST(:window AS bigint) - sent.number, 0))
    FOR UPDATE SKIP LOCKED
) AS due
LIMIT :batch"""
"""Lock due jobs for the time it takes to publish them; another relay takes others.

What stands with the broker is bounded for each queue: the rest waits here, where it can still be
cancelled and overtaken, and a broker that loses all of it loses little.
"""

MARK: Final = """\
UPDATE fastgres.jobs SET state = 'sent', sent_at = clock_timestamp()
WHERE id = ANY (CAST(:ids AS bigint[])) AND state = 'ready'"""
"""Write down which jobs the broker has confirmed."""

RECONCILE: Final = """\
UPDATE fastgres.jobs AS job SET state = 'ready', sent_at = NULL
FROM (
    SELECT sent.id FROM fastgres.jobs AS sent
    WHERE sent.state = 'sent' AND sent.target = :target
      AND sent.sent_at < now() - make_interval(secs => CAST(:after AS double precision))
      AND NOT EXISTS (
          SELECT FROM fastgres.jobs AS ahead
          WHERE ahead.state = 'running' AND ahead.target = :target AND ahead.queue = sent.queue
            AND ahead.sent_at < sent.sent_at
            AND ahead.started_at > now() - make_interval(secs => CAST(:after AS double precision))
      )
    ORDER BY sent.sent_at
    LIMIT 1000
    FOR UPDATE SKIP LOCKED
) AS late
WHERE job.id = late.id
RETURNING job.id"""
"""Let jobs be sent again that nobody has begun: the broker may have lost them.

While jobs that were sent before one are being begun, it waits for its turn and is not lost.
Should their first messages still arrive, whichever comes first is run and the others are skipped.
"""

CLAIM_DELIVERED: Final = """\
WITH already AS (
    DELETE FROM fastgres.jobs AS job
    WHERE job.id = $1 AND job.target = $4 AND job.state IN ('ready', 'sent')
      AND EXISTS (SELECT FROM fastgres.job_inbox WHERE job_id = $1 AND consumer = $4)
)
UPDATE fastgres.jobs AS job
SET state = 'running', attempt = job.attempt + 1, worker = $2, started_at = now(),
    lease_until = now() + make_interval(secs => $3)
WHERE job.id = $1 AND job.target = $4 AND job.state IN ('ready', 'sent') AND job.run_at <= now()
  AND NOT EXISTS (SELECT FROM fastgres.job_inbox WHERE job_id = $1 AND consumer = $4)
RETURNING job.id, job.attempt, job.name, job.version, CAST(job.arguments AS text),
          CAST(job.headers AS text), job.max_attempts, job.queue, job.priority, job.run_at"""
"""Begin an attempt of the job that a message names, unless it runs, waits or is done.

Waits for a relay that has published it and not yet said so. A row whose job is in the inbox is a
leftover, and deleted.
"""

IS_DONE: Final = "SELECT FROM fastgres.job_inbox WHERE job_id = $1 AND consumer = $2"
"""Tell a second delivery of a job that is done from one of a job that was cancelled or runs."""

COMPLETE_DELIVERED: Final = """\
WITH done AS (
    DELETE FROM fastgres.jobs
    WHERE id = :id AND attempt = :attempt AND worker = :worker AND state = 'running'
    RETURNING id
)
INSERT INTO fastgres.job_inbox (job_id, consumer) SELECT id, :consumer FROM done
ON CONFLICT DO NOTHING
RETURNING job_id"""
"""End an attempt inside the transaction of its effect, and remember that this consumer did it."""

ACKNOWLEDGE_DELIVERED: Final = """\
WITH done AS (
    DELETE FROM fastgres.jobs AS job
    USING unnest($2::bigint[], $3::smallint[], $4::text[], $5::float8[])
        AS given (id, attempt, result, keep)
    WHERE job.id = given.id AND job.attempt = given.attempt AND job.worker = $1
      AND job.state = 'running'
    RETURNING job.id, job.name, given.result, given.keep
), kept AS (
    INSERT INTO fastgres.job_results (id, name, result, expires_at)
    SELECT id, name, CAST(result AS jsonb), now() + make_interval(secs => keep)
    FROM done WHERE keep > 0
), remembered AS (
    INSERT INTO fastgres.job_inbox (job_id, consumer) SELECT id, $6 FROM done
    ON CONFLICT DO NOTHING
)
SELECT id FROM done"""
"""End attempts that succeeded, fenced, and remember that this consumer did them."""
