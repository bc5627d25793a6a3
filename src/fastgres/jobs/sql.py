"""The SQL text of the queue. Every moment in it is the database's: no worker's clock counts.

`:name` are bound through SQLAlchemy in a session of the caller, `$1` on a connection of the worker.
"""

from __future__ import annotations

from typing import Final

ENQUEUE: Final = """\
WITH given AS MATERIALIZED (
    SELECT nextval('fastgres.jobs_id_seq') AS id, nr, name, queue, version, arguments,
           priority, max_attempts, unique_key, target
    FROM unnest(
        CAST(:names AS text[]), CAST(:queues AS text[]), CAST(:versions AS smallint[]),
        CAST(:arguments AS text[]), CAST(:priorities AS smallint[]),
        CAST(:attempts AS smallint[]), CAST(:unique_keys AS text[]), CAST(:targets AS text[])
    ) WITH ORDINALITY AS row
        (name, queue, version, arguments, priority, max_attempts, unique_key, target, nr)
), added AS (
    INSERT INTO fastgres.jobs (id, name, queue, version, arguments, headers, priority,
                               max_attempts, unique_key, target, run_at)
    SELECT id, name, queue, version, CAST(arguments AS jsonb), CAST(:headers AS jsonb), priority,
           max_attempts, unique_key, target,
           greatest(now(), CAST(:at AS timestamptz),
                    now() + make_interval(secs => CAST(:after AS double precision)))
    FROM given
    ORDER BY id
    ON CONFLICT DO NOTHING
    RETURNING id
)
SELECT added.id,
       (SELECT count(pg_notify(channel, '')) FROM unnest(CAST(:channels AS text[])) AS channel)
FROM given LEFT JOIN added USING (id)
ORDER BY nr"""
"""Insert jobs in the caller's transaction and wake workers; a twin that waits gives no id.

The ids are taken first, so that each result can be told from the others after a conflict.
"""

COMPLETE: Final = """\
DELETE FROM fastgres.jobs
WHERE id = :id AND attempt = :attempt AND worker = :worker AND state = 'running'
RETURNING id"""
"""End an attempt inside the transaction of its effect; no row when it is not its owner's."""
