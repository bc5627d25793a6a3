"""The reads as one statement each, written by hand: what Starlette, bare ASGI and pgbench run.

Every statement returns one column, the JSON of the response. `$1` and so on are the parameters.
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
