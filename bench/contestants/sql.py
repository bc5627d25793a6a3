"""Reads and the create as one statement each, written by hand, and the statements of an order.

Starlette, bare ASGI and pgbench run them. Whatever is answered comes as one column, the JSON of
the response. `$1` and so on are the parameters.
"""

from __future__ import annotations

from typing import Final

_ORDER: Final = """\
    o.id, o.status, o.total, o.note, o.created_at,
    (
        SELECT row_to_json(c)
        FROM (SELECT id, email, name FROM customers WHERE id = o.customer_id) c
    ) AS customer,
    (
        SELECT json_agg(i)
        FROM (
            SELECT id, product, quantity, unit_price
            FROM order_items WHERE order_id = o.id ORDER BY position
        ) i
    ) AS items"""

_PAGE: Final = """\
SELECT row_to_json(p)
FROM (
    SELECT
        coalesce(json_agg(r), '[]') AS items,
        CASE WHEN count(*) = $1
            THEN concat((array_agg(r.{last}))[$1], ',', (array_agg(r.id))[$1])
        END AS next,
        NULL AS previous,
        NULL AS total
    FROM (
        SELECT
{order}
        FROM orders o
        {where}ORDER BY {sort}
        LIMIT $1
    ) r
) p"""

_ONE: Final = """\
SELECT row_to_json(r)
FROM (
    SELECT
{order}
    FROM orders o
    WHERE o.id = $1
) r"""

_NEWEST: Final = "o.created_at DESC, o.id DESC"

# One customer by its key: $1.
FLAT: Final = """\
SELECT row_to_json(c)
FROM (SELECT id, email, name, city, created_at FROM customers WHERE id = $1) c"""

# One order with its customer and its items by its key: $1.
NESTED: Final = _ONE.format(order=_ORDER)

# The newest orders, as many as $1.
PAGE: Final = _PAGE.format(order=_ORDER, last="created_at", where="", sort=_NEWEST)

# The newest orders before a position, as many as $1; $2 and $3 are time and key of that position.
DEEP: Final = _PAGE.format(
    order=_ORDER,
    last="created_at",
    where="WHERE (o.created_at, o.id) < ($2, $3)\n        ",
    sort=_NEWEST,
)

# The dearest orders of status $2 and of $3 at least, as many as $1.
SEARCH: Final = _PAGE.format(
    order=_ORDER,
    last="total",
    where="WHERE o.status = $2 AND o.total >= $3\n        ",
    sort="o.total DESC, o.id DESC",
)

# Add a customer: $1 to $4.
CREATE: Final = """\
INSERT INTO customers (email, name, city, phone) VALUES ($1, $2, $3, $4)
RETURNING json_build_object(
    'id', id, 'email', email, 'name', name, 'city', city, 'created_at', created_at
)"""

# Lock the products $1 by rising id, and say how many pieces there are of each.
LOCK: Final = """\
SELECT id, stock FROM products WHERE id = any($1::uuid[]) ORDER BY id FOR NO KEY UPDATE"""

# Take $2 pieces of the products $1 out of the stock.
TAKE: Final = """\
UPDATE products p SET stock = p.stock - l.quantity
FROM unnest($1::uuid[], $2::integer[]) l (product_id, quantity) WHERE p.id = l.product_id"""

# Place an order of customer $1 with note $2, of $4 pieces of the products $3; no row without such
# a customer.
PLACE: Final = """\
WITH lines AS (
    SELECT gen_random_uuid() AS id, p.id AS product_id, l.position, p.name AS product,
        l.quantity, p.price AS unit_price
    FROM unnest($3::uuid[], $4::integer[]) WITH ORDINALITY l (product_id, quantity, position)
    JOIN products p ON p.id = l.product_id
), placed AS (
    INSERT INTO orders (customer_id, total, note)
    SELECT c.id, (SELECT sum(unit_price * quantity) FROM lines), $2
    FROM customers c WHERE c.id = $1
    RETURNING *
), added AS (
    INSERT INTO order_items
        (id, order_id, product_id, position, product, quantity, unit_price)
    SELECT i.id, o.id, i.product_id, i.position, i.product, i.quantity, i.unit_price
    FROM lines i CROSS JOIN placed o
)
SELECT row_to_json(r)
FROM (
    SELECT
        o.id, o.status, o.total, o.note, o.created_at,
        (
            SELECT row_to_json(c)
            FROM (SELECT id, email, name FROM customers WHERE id = o.customer_id) c
        ) AS customer,
        (
            SELECT json_agg(i)
            FROM (SELECT id, product, quantity, unit_price FROM lines ORDER BY position) i
        ) AS items
    FROM placed o
) r"""
