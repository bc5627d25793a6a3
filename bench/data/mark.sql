-- The end: what the rows were made of, by which the next run knows that they are all there.

\set ON_ERROR_STOP on

CREATE TABLE bench_data (seed text NOT NULL);
INSERT INTO bench_data VALUES (:'seed');

VACUUM (ANALYZE);
CHECKPOINT;
