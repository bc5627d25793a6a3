"""The SQL text of the shop: the sample data, made inside PostgreSQL.

Every value follows from a row's number through md5, so that each run on each version of
PostgreSQL gives the same shop.
"""

TRY_LOCK = "SELECT pg_try_advisory_xact_lock(7350412908)"
"""Let one process seed at a time; the next one finds the rows and leaves."""

LIFT_TIMEOUTS = """
SELECT set_config(name, '0', true) FROM pg_settings
WHERE name IN ('statement_timeout', 'transaction_timeout')
"""
"""Give the seed the time it needs; ends with the transaction."""

IS_EMPTY = """
SELECT NOT EXISTS (SELECT FROM customers)
   AND NOT EXISTS (SELECT FROM products)
   AND NOT EXISTS (SELECT FROM orders)
"""
"""Tell whether nobody has put anything into the shop yet, deleted rows counted."""

DICE = """
CREATE FUNCTION pg_temp.dice(seed text, sides bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT ('x' || left(md5(seed), 8))::bit(32)::bigint % sides
$$
"""
"""Throw a die that always falls the same way for the same seed: 0 to sides - 1."""

UUID7 = """
CREATE FUNCTION pg_temp.uuid7(at timestamptz, seed text) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0')
        || '7' || left(md5(seed), 3)
        || substr('89ab', 1 + pg_temp.dice(seed, 4)::int, 1) || substr(md5(seed), 4, 15))::uuid
$$
"""
"""Make a UUID version 7 of a time and a seed; PostgreSQL before 18 has no uuidv7()."""

PICK = """
CREATE FUNCTION pg_temp.pick(seed text, words text[]) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT words[1 + pg_temp.dice(seed, cardinality(words))]
$$
"""
"""Choose one of some words."""

FORGET = """
DROP FUNCTION pg_temp.pick(text, text[]), pg_temp.uuid7(timestamptz, text),
    pg_temp.dice(text, bigint)
"""
"""Drop the functions; the pool keeps the connection, and with it what is temporary."""

CUSTOMERS = """
INSERT INTO customers (id, email, name, internal_note, created_at, updated_at)
SELECT pg_temp.uuid7(at, 'customer' || n),
    lower(first || '.' || last || n || '@example.com'),
    first || ' ' || last,
    CASE WHEN n % 25 = 0 THEN 'Pays late.' END,
    at, at
FROM (
    SELECT n,
        pg_temp.pick('first' || n, ARRAY['Ada', 'Alan', 'Barbara', 'Claude', 'Donald', 'Edsger',
            'Frances', 'Grace', 'Hedy', 'John', 'Katherine', 'Ken', 'Leslie', 'Lin', 'Margaret',
            'Niklaus', 'Radia', 'Shafi', 'Tim', 'Tony']) AS first,
        pg_temp.pick('last' || n, ARRAY['Allen', 'Backus', 'Cerf', 'Dijkstra', 'Engelbart',
            'Floyd', 'Goldberg', 'Hamilton', 'Hoare', 'Hopper', 'Kay', 'Knuth', 'Lamport',
            'Liskov', 'Lovelace', 'Perlman', 'Ritchie', 'Shannon', 'Turing', 'Wirth']) AS last,
        timestamptz '2024-07-01 00:00:00+00'
            + make_interval(secs => pg_temp.dice('joined' || n, 31536000)) AS at
    FROM generate_series($1::int, $2::int) AS n
) AS people
"""
"""Register customers number $1 to $2 in the year before the first order."""

PRODUCTS = """
INSERT INTO products
    (id, sku, name, description, price, stock, active, created_at, updated_at)
SELECT pg_temp.uuid7(at, 'product' || n),
    upper(left(material, 2) || left(thing, 3)) || '-' || lpad(n::text, 4, '0'),
    initcap(colour) || ' ' || lower(material) || ' ' || thing,
    'A ' || thing || ' of ' || lower(material) || ', ' || colour || ', made to last.',
    (3 + pg_temp.dice('price' || n, 97) + pg_temp.dice('dear' || n, 10) / 9 * 250 + 0.90)
        ::numeric(12, 2),
    CASE WHEN n % 40 = 0 THEN 0 ELSE pg_temp.dice('stock' || n, 500) + 1 END,
    n % 50 <> 0,
    at, at
FROM (
    SELECT n,
        pg_temp.pick('colour' || n, ARRAY['black', 'blue', 'green', 'grey', 'natural', 'red',
            'white', 'yellow']) AS colour,
        pg_temp.pick('material' || n, ARRAY['Bamboo', 'Cotton', 'Glass', 'Linen', 'Oak', 'Steel',
            'Stoneware', 'Wool']) AS material,
        pg_temp.pick('thing' || n, ARRAY['basket', 'blanket', 'bowl', 'box', 'cup', 'jug',
            'lamp', 'mug', 'plate', 'shelf', 'stool', 'tray', 'vase']) AS thing,
        timestamptz '2024-07-01 00:00:00+00'
            + make_interval(secs => pg_temp.dice('listed' || n, 31536000)) AS at
    FROM generate_series($1::int, $2::int) AS n
) AS things
"""
"""List products number $1 to $2; one in 40 is sold out and one in 50 not for sale."""

ORDERS = """
WITH buyers AS MATERIALIZED (
    SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM customers
), catalogue AS MATERIALIZED (
    SELECT id, price, row_number() OVER (ORDER BY id) - 1 AS n FROM products
), placed AS MATERIALIZED (
    SELECT n,
        at,
        pg_temp.uuid7(at, 'order' || n) AS id,
        pg_temp.dice('status' || n, 100) AS chance,
        pg_temp.dice('age' || n, 72) AS hours,
        pg_temp.dice('product' || n, $3) AS first
    FROM (
        SELECT n, timestamptz '2025-07-01 00:00:00+00' + make_interval(
            secs => n * (31536000.0 / $4::int) + pg_temp.dice('minute' || n, 300)
        ) AS at
        FROM generate_series($1::int, $2::int) AS n
    ) AS moments
), lines AS MATERIALIZED (
    SELECT placed.id AS order_id, placed.n, at, position, catalogue.id AS product_id, price,
        1 + pg_temp.dice('pieces' || placed.n || '/' || position, 4) AS quantity
    FROM placed
    CROSS JOIN LATERAL generate_series(0, placed.n % 5) AS position
    JOIN catalogue ON catalogue.n = (placed.first + position * 397) % $3
), written AS (
    INSERT INTO orders (id, customer_id, status, total, note, created_at, updated_at)
    SELECT placed.id, buyers.id,
        CASE
            WHEN chance < 6 THEN 'cancelled'
            WHEN at > timestamptz '2026-06-29 00:00:00+00' AND chance < 70 THEN 'placed'
            WHEN at > timestamptz '2026-06-24 00:00:00+00' AND chance < 80 THEN 'paid'
            WHEN chance < 9 THEN 'placed'
            WHEN chance < 14 THEN 'paid'
            ELSE 'shipped'
        END,
        sums.total,
        CASE WHEN placed.n % 20 = 0 THEN 'Please wrap it as a gift.' END,
        at, at + make_interval(hours => hours::int)
    FROM placed
    JOIN (SELECT order_id, sum(price * quantity) AS total FROM lines GROUP BY order_id) AS sums
        ON sums.order_id = placed.id
    JOIN buyers ON buyers.n = pg_temp.dice('buyer' || placed.n, $5)
    ORDER BY placed.n
)
INSERT INTO order_items
    (id, order_id, product_id, position, quantity, unit_price, created_at, updated_at)
SELECT pg_temp.uuid7(at, 'line' || n || '/' || position), order_id, product_id, position, quantity,
    price, at, at
FROM lines
ORDER BY n, position
"""
"""Place orders number $1 to $2 of $4 over one year: 1 to 5 of $3 products, $5 customers."""

ANALYZE = "ANALYZE customers, products, orders, order_items"
"""Tell the planner what is there now; autovacuum would, a minute later."""
