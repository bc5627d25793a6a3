"""The statements on `fastgres.idempotency`.

`:name` are bound through SQLAlchemy; `$1` are run by `run_inside`.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import text

TAKE: Final = """\
SELECT pg_try_advisory_xact_lock($1) AS locked, i.state, i.fingerprint,
       i.status, CAST(i.headers AS text) AS headers, i.body,
       i.id, CAST(i.steps AS text) AS steps, i.locked_until > clock_timestamp() AS busy
  FROM (VALUES (1)) AS one (n)
  LEFT JOIN fastgres.idempotency i
    ON i.caller = $2 AND i.key = $3 AND i.expires_at > now()"""
"""Take the key for this transaction without waiting, and read what is stored for it."""

FIND: Final = text("""\
SELECT i.state, i.fingerprint, i.status, CAST(i.headers AS text) AS headers, i.body
  FROM fastgres.idempotency i
 WHERE i.caller = :caller AND i.key = :key AND i.expires_at > now()""")
"""Read what is stored for a key."""

STORE: Final = """\
INSERT INTO fastgres.idempotency AS i
       (caller, key, fingerprint, state, status, headers, body, expires_at)
VALUES ($1, $2, $3, 'finished', $4, CAST($5 AS jsonb), $6, now() + CAST($7 AS interval))
    ON CONFLICT (caller, key) DO UPDATE
   SET fingerprint = excluded.fingerprint, state = excluded.state, status = excluded.status,
       headers = excluded.headers, body = excluded.body, expires_at = excluded.expires_at,
       created_at = now(), id = NULL, recovery_point = NULL, steps = DEFAULT, holder = NULL,
       locked_until = NULL, request = NULL, payload = NULL
 WHERE i.expires_at <= now()
RETURNING true"""
"""Store an answer; no row when a twin has stored one that is still valid."""

# From here on: requests that call somebody else, in several transactions.

START: Final = text("""\
INSERT INTO fastgres.idempotency AS i
       (caller, key, fingerprint, state, id, recovery_point, holder, locked_until, request, payload,
        expires_at)
VALUES (:caller, :key, :fingerprint, 'started', :id, 'started', :holder,
        clock_timestamp() + CAST(:lock AS interval), CAST(:request AS jsonb), :payload,
        now() + greatest(CAST(:lifetime AS interval), interval '1 day'))
    ON CONFLICT (caller, key) DO UPDATE
   SET fingerprint = excluded.fingerprint, state = excluded.state, id = excluded.id,
       recovery_point = excluded.recovery_point, steps = DEFAULT, holder = excluded.holder,
       locked_until = excluded.locked_until, request = excluded.request,
       payload = excluded.payload, status = NULL, headers = NULL, body = NULL,
       created_at = now(), expires_at = excluded.expires_at
 WHERE i.expires_at <= now()""")
"""Begin a request; no row when a twin has begun it. Waits a day at least to be finished."""

RESUME: Final = text("""\
UPDATE fastgres.idempotency
   SET holder = :holder, locked_until = clock_timestamp() + CAST(:lock AS interval)
 WHERE caller = :caller AND key = :key AND state = 'started'""")
"""Take over a request whose holder's time is over."""

RECORD: Final = text("""\
UPDATE fastgres.idempotency
   SET steps = steps || CAST(:step AS jsonb), recovery_point = :name,
       locked_until = clock_timestamp() + CAST(:lock AS interval)
 WHERE caller = :caller AND key = :key AND state = 'started' AND holder = :holder""")
"""Write down what a step returned; no row when somebody else has taken over."""

FINISH: Final = text("""\
UPDATE fastgres.idempotency
   SET state = 'finished', status = :status, headers = CAST(:headers AS jsonb), body = :body,
       holder = NULL, locked_until = NULL, request = NULL, payload = NULL,
       expires_at = now() + CAST(:lifetime AS interval)
 WHERE caller = :caller AND key = :key AND state = 'started' AND holder = :holder""")
"""Store the answer; no row when somebody else has taken over."""

RELEASE: Final = text("""\
UPDATE fastgres.idempotency SET holder = NULL, locked_until = clock_timestamp()
 WHERE caller = :caller AND key = :key AND state = 'started' AND holder = :holder""")
"""Let a retry go on at the recovery point at once."""

FORGET: Final = text("""\
DELETE FROM fastgres.idempotency
 WHERE caller = :caller AND key = :key AND state = 'started' AND holder = :holder""")
"""Forget a request in which nothing has happened."""

ABANDONED: Final = text("""\
SELECT caller, key, CAST(request AS text) AS request, payload
  FROM fastgres.idempotency
 WHERE state = 'started' AND expires_at > now()
   AND locked_until < clock_timestamp() - CAST(:age AS interval)
 ORDER BY locked_until
 LIMIT :limit""")
"""Requests that somebody has begun and nobody goes on with."""
