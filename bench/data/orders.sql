-- What is read: 200,000 orders of five items each.

\set ON_ERROR_STOP on
SET timezone = 'UTC';
SET synchronous_commit = off;

INSERT INTO orders
SELECT
    key_of(ordered_at(n), n),
    key_of(timestamptz '2024-06-01' + buyer * interval '13 minutes', buyer),
    (ARRAY['pending', 'paid', 'paid', 'paid', 'shipped', 'cancelled'])[1 + mixed(n) / 4096 % 6],
    (
        SELECT sum(quantity_of(n * 5 + place) * price_of(n * 5 + place))
        FROM generate_series(0, 4) place
    ),
    CASE mixed(n) / 256 % 4
        WHEN 0 THEN 'Please ring twice — "Hintertür", C:\door ' || n
        WHEN 1 THEN '🎁 gift, ' || n
    END,
    ordered_at(n),
    ordered_at(n) + interval '1 hour'
FROM generate_series(1, 200000) n,
    LATERAL (SELECT 1 + mixed(n * 17) / 128 % 20000) bought (buyer);

INSERT INTO order_items
SELECT
    key_of(ordered_at(n), n * 5 + place),
    key_of(ordered_at(n), n),
    products.id,
    place + 1,
    products.name,
    quantity_of(n * 5 + place),
    price_of(n * 5 + place)
FROM generate_series(1, 200000) n
CROSS JOIN generate_series(0, 4) place
JOIN products ON products.sku
    = 'SKU-' || lpad((1 + mixed(n * 5 + place) / 2048 % 2000)::text, 6, '0')
ORDER BY n, mixed(n + place);
