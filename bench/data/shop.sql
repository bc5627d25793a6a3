-- What is there before the first order: 2,000 products in 40 categories, 20,000 customers.
-- Times have milliseconds at most, so that a JavaScript Date can hold them.

\set ON_ERROR_STOP on
SET timezone = 'UTC';

INSERT INTO categories
SELECT key_of('2024-01-01', n), 'Category ' || n FROM generate_series(1, 40) n;

INSERT INTO products
SELECT
    key_of('2024-01-02', n),
    key_of('2024-01-01', 1 + n % 40),
    'SKU-' || lpad(n::text, 6, '0'),
    picked('{Wool,Cotton,Linen,Stone,Oak,Brass,Größe L,Crème,絹の}', n) || ' '
    || picked('{shirt,box,lamp,"12\" shelf",chair,Tüte,茶碗,mug ☕}', n * 5) || ' ' || n,
    price_of(n),
    1000000000
FROM generate_series(1, 2000) n;

INSERT INTO customers
SELECT
    key_of(created_at, n),
    'customer' || n || '@example.com',
    picked('{Ada,Björn,Chloë,Đorđe,"Eve \"E\"",Łukasz,Noémie,Søren,美咲,Zoë 🌷}', n) || ' '
    || picked('{Lovelace,Müller,Núñez,O''Brien,Sørensen,Θεοδώρου,田中,Weiß}', n * 11),
    picked('{Århus,Berlin,Köln,Kraków,Lyon,São Paulo,Tromsø,Zürich,東京}', n * 13),
    CASE WHEN mixed(n) % 3 = 0 THEN '+49 30 ' || mixed(n) % 1000000 END,
    created_at,
    created_at + interval '1 day'
FROM generate_series(1, 20000) n,
    LATERAL (SELECT timestamptz '2024-06-01' + n * interval '13 minutes') made (created_at);
