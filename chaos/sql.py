"""What the suite asks the database for, on connections that no fault touches."""

from __future__ import annotations

from typing import Final

# The processes of the server: its parent, and where its files are.
DATA_DIRECTORY: Final = "SHOW data_directory"

# A database for one fault, made anew; its name is ours.
DROP: Final = "DROP DATABASE IF EXISTS {name} WITH (FORCE)"
CREATE: Final = "CREATE DATABASE {name} TEMPLATE {template}"

# Who buys, and what: prices differ, so that a wrong line shows in the total.
CUSTOMER: Final = """\
INSERT INTO customers (id, email, name)
VALUES (gen_random_uuid(), 'chaos@example.com', 'Chaos') RETURNING id"""
PRODUCTS: Final = """\
INSERT INTO products (id, sku, name, price, stock)
SELECT gen_random_uuid(), 'C-' || n, 'Thing ' || n, n + 0.99, $2
FROM generate_series(1, $1) AS n RETURNING id"""

# Every order with the key that asked for it (its note), and whether its lines add up.
ORDERS: Final = """\
SELECT orders.id, note, orders.status, total, coalesce(sum(quantity * unit_price), 0) AS lines,
       count(order_items.id) AS number
FROM orders LEFT JOIN order_items ON order_id = orders.id
GROUP BY orders.id"""

# What of each product was sold and what is left: together as many as there were.
STOCK: Final = """\
SELECT products.id, sku, stock, coalesce(sum(quantity), 0) AS sold
FROM products LEFT JOIN order_items ON product_id = products.id
GROUP BY products.id"""

# The service's connections: how many, and how many hold a transaction open.
CONNECTIONS: Final = """\
SELECT count(*) AS number,
       count(*) FILTER (WHERE state LIKE 'idle in transaction%') AS held
FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'fastgres'"""

# End one of the service's connections, whichever.
TERMINATE_ONE: Final = """\
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'fastgres'
ORDER BY random() LIMIT 1"""

# What failed while its database or mail server was away waits for its next attempt: not for hours.
HURRY: Final = """\
UPDATE fastgres.jobs SET run_at = now()
WHERE state = 'ready' AND attempt > 0 AND run_at > now() + interval '1 second'"""

# Payments that were begun and not brought to an end, and those that somebody may still be at.
BEGUN: Final = "SELECT count(*) FROM fastgres.idempotency WHERE state = 'started'"
HELD: Final = """\
SELECT count(*) FROM fastgres.idempotency
WHERE state = 'started' AND locked_until > clock_timestamp()"""

# What nobody is at any more was left an hour ago: the job that finishes it waits for a minute.
LEFT_LONG_AGO: Final = """\
UPDATE fastgres.idempotency SET locked_until = locked_until - interval '1 hour'
WHERE state = 'started' AND locked_until < clock_timestamp()"""

# What stands with the broker, and what its consumers remember to have done.
SENT: Final = "SELECT count(*) FROM fastgres.jobs WHERE state = 'sent'"
INBOX: Final = "SELECT count(*) FROM fastgres.job_inbox"

# Jobs that have not come to an end.
WORKER: Final = "SELECT count(*) FROM fastgres.workers WHERE pid = $1"
WAITING: Final = "SELECT count(*) FROM fastgres.jobs"
DEAD: Final = """\
SELECT (arguments ->> 'number')::int AS number, name, attempt, reason FROM fastgres.dead_jobs"""

# What jobs did: each attempt as it began, each effect, and when the database saw it.
WORK_TABLES: Final = """\
CREATE TABLE work_attempts (
    number int NOT NULL, attempt int NOT NULL, worker uuid NOT NULL, kind text NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE TABLE work_effects (
    number int NOT NULL, attempt int NOT NULL, kind text NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE TABLE work_given (number int PRIMARY KEY, kind text NOT NULL, due timestamptz NOT NULL)"""
BEGIN_ATTEMPT: Final = """\
INSERT INTO work_attempts (number, attempt, worker, kind)
VALUES (:number, :attempt, :worker, :kind)"""
EFFECT: Final = """\
INSERT INTO work_effects (number, attempt, kind) VALUES (:number, :attempt, :kind)"""
GIVE: Final = """\
INSERT INTO work_given (number, kind, due)
SELECT number, :kind, now() + make_interval(secs => :delay)
FROM unnest(CAST(:numbers AS int[])) AS number"""

# Whether a later attempt has just begun.
TAKEN_OVER: Final = """\
SELECT count(*) FROM work_attempts
WHERE attempt > 1 AND kind = 'transactional' AND at > clock_timestamp() - interval '0.3 seconds'"""

# Everything that was asked of the workers, with what became of it.
WORK: Final = """\
SELECT given.number, given.kind, given.due,
       (SELECT coalesce(max(attempt), 0) FROM work_attempts AS attempts
        WHERE attempts.number = given.number) AS attempts,
       (SELECT min(at) FROM work_attempts AS attempts
        WHERE attempts.number = given.number) AS began,
       (SELECT array_agg(attempt ORDER BY at) FROM work_effects AS effects
        WHERE effects.number = given.number) AS effects
FROM work_given AS given ORDER BY number"""
