"""What the benchmark itself asks the database for: keys to ask for, and the right answers."""

from __future__ import annotations

from typing import Final

# Keys spread evenly over the customers, and over the orders, as many as $1.
CUSTOMERS: Final = """\
SELECT id FROM (
    SELECT id, row_number() OVER (ORDER BY id) AS place, count(*) OVER () AS number FROM customers
) numbered
WHERE place % (number / $1) = 0 LIMIT $1"""

ORDERS: Final = CUSTOMERS.replace("customers", "orders")

# The last order before a depth of $1 in the list of the newest, and the first one at it.
AROUND_DEPTH: Final = """\
SELECT id, created_at FROM orders
ORDER BY created_at DESC, id DESC LIMIT 2 OFFSET $1::bigint - 1"""

# The right answers, read table by table so that they are independent of every contestant.
CUSTOMER: Final = "SELECT id, email, name, city, created_at FROM customers WHERE id = $1"
BUYERS: Final = "SELECT id, email, name FROM customers WHERE id = any($1::uuid[])"
ITEMS: Final = """\
SELECT order_id, id, product, quantity, unit_price FROM order_items
WHERE order_id = any($1::uuid[]) ORDER BY order_id, position"""

_ORDERS: Final = "SELECT id, customer_id, status, total, note, created_at FROM orders"
ORDER: Final = f"{_ORDERS} WHERE id = $1"
NEWEST: Final = f"{_ORDERS} ORDER BY created_at DESC, id DESC LIMIT $1 OFFSET $2"
FOUND: Final = f"""\
{_ORDERS} WHERE status = $2 AND total >= $3::integer
ORDER BY total DESC, id DESC LIMIT $1"""

# The mark of the data set that is there, and its end.
SEED: Final = "SELECT seed FROM bench_data"
DROP: Final = "DROP DATABASE IF EXISTS {name}"

# Copies of what is there before the first order, from which every measurement of writes begins.
KEEP: Final = """\
CREATE SCHEMA kept;
CREATE TABLE kept.customers AS TABLE customers;
CREATE TABLE kept.products AS TABLE products"""

# Empty tables, the kept rows, and no work left over from whoever was measured before. Statistics of
# the empty tables would be worse than none: plans made for no rows stay while the tables grow.
RESET: Final = (
    """\
TRUNCATE customers, products, orders, order_items, fastgres.jobs, fastgres.idempotency;
INSERT INTO customers SELECT * FROM kept.customers;
INSERT INTO products SELECT * FROM kept.products""",
    "VACUUM (ANALYZE) customers, products",
    "CHECKPOINT",
)

# How many rows writes have added.
COUNTS: Final = """\
SELECT
    (SELECT count(*) FROM customers) - (SELECT count(*) FROM kept.customers) AS customers,
    (SELECT count(*) FROM orders) AS orders,
    (SELECT count(*) FROM order_items) AS items,
    (SELECT count(*) FROM fastgres.jobs) AS jobs,
    (SELECT count(*) FROM fastgres.idempotency) AS keys"""

# The one customer and the one order that were added.
NEW_CUSTOMER: Final = """\
SELECT id, email, name, city, phone, created_at FROM customers
WHERE id NOT IN (SELECT id FROM kept.customers)"""

NEW_ORDER: Final = _ORDERS

# What is for sale, and how many pieces of it were sold.
PRODUCTS: Final = "SELECT id, name, price FROM products ORDER BY id"
SOLD: Final = """\
SELECT p.id, k.stock - p.stock AS pieces FROM products p JOIN kept.products k USING (id)
WHERE p.stock <> k.stock ORDER BY p.id"""

# How safe a commit is here.
DURABILITY: Final = """\
SELECT string_agg(name || ' ' || setting, ', ' ORDER BY name DESC) FROM pg_settings
WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit')"""

# The process of the server, from the file that it keeps beside its data.
POSTMASTER: Final = "SELECT split_part(pg_read_file('postmaster.pid'), chr(10), 1)"

# A database of its own for each job queue.
DROP_QUEUE: Final = "DROP DATABASE IF EXISTS {name} WITH (FORCE)"
CREATE_QUEUE: Final = "CREATE DATABASE {name}"
