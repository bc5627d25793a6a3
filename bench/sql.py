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
DROP: Final = "DROP DATABASE IF EXISTS bench"

# The process of the server, from the file that it keeps beside its data.
POSTMASTER: Final = "SELECT split_part(pg_read_file('postmaster.pid'), chr(10), 1)"

# A database of its own for each job queue.
DROP_QUEUE: Final = "DROP DATABASE IF EXISTS {name} WITH (FORCE)"
CREATE_QUEUE: Final = "CREATE DATABASE {name}"
