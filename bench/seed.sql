-- The data set of the benchmark: the same rows on every machine, made by arithmetic alone.
-- 20,000 customers, 200,000 orders of five items each, 2,000 products in 40 categories.
-- Times have milliseconds at most, so that a JavaScript Date can hold them.

\set ON_ERROR_STOP on
SET timezone = 'UTC';
SET maintenance_work_mem = '256MB';
SET synchronous_commit = off;

-- A number that looks random and is not; below 2^32.
CREATE FUNCTION mixed(n bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS
$$ SELECT ((n * 2654435761 + 97) % 4294967296 * 69069 + 12345) % 4294967296 $$;

CREATE FUNCTION picked(among text[], n bigint) RETURNS text LANGUAGE sql IMMUTABLE AS
$$ SELECT among[1 + mixed(n) / 65536 % cardinality(among)] $$;

-- A UUID of version 7: the time it was made at, then what tells it from others.
CREATE FUNCTION key_of(made_at timestamptz, n bigint) RETURNS uuid LANGUAGE sql STABLE AS
$$ SELECT (
    lpad(to_hex((extract(epoch FROM made_at) * 1000)::bigint), 12, '0') || '7'
    || lpad(to_hex(mixed(n) % 4096), 3, '0') || '8'
    || lpad(to_hex(n), 15, '0'))::uuid $$;

CREATE FUNCTION ordered_at(n bigint) RETURNS timestamptz LANGUAGE sql STABLE AS
$$ SELECT timestamptz '2025-01-01' + n * interval '150 seconds'
        + mixed(n) % 149000 * interval '1 millisecond' $$;

CREATE FUNCTION quantity_of(n bigint) RETURNS integer LANGUAGE sql IMMUTABLE AS
$$ SELECT (1 + mixed(n * 3) / 1024 % 3)::integer $$;

CREATE FUNCTION price_of(n bigint) RETURNS numeric LANGUAGE sql IMMUTABLE AS
$$ SELECT round((49 + mixed(n * 7) / 512 % 3950) / 100.0, 2) $$;

CREATE TABLE categories (
    id uuid NOT NULL,
    name text NOT NULL
);
CREATE TABLE products (
    id uuid NOT NULL,
    category_id uuid NOT NULL,
    sku text NOT NULL,
    name text NOT NULL
);
CREATE TABLE customers (
    id uuid NOT NULL,
    email text NOT NULL,
    name text NOT NULL,
    city text NOT NULL,
    phone text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE TABLE orders (
    id uuid NOT NULL,
    customer_id uuid NOT NULL,
    status text NOT NULL,
    total numeric(12, 2) NOT NULL,
    note text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE TABLE order_items (
    id uuid NOT NULL,
    order_id uuid NOT NULL,
    product_id uuid NOT NULL,
    position smallint NOT NULL,
    product text NOT NULL,
    quantity integer NOT NULL,
    unit_price numeric(10, 2) NOT NULL
);

INSERT INTO categories
SELECT key_of('2024-01-01', n), 'Category ' || n FROM generate_series(1, 40) n;

INSERT INTO products
SELECT
    key_of('2024-01-02', n),
    key_of('2024-01-01', 1 + n % 40),
    'SKU-' || lpad(n::text, 6, '0'),
    picked('{Wool,Cotton,Linen,Stone,Oak,Brass,Größe L,Crème,絹の}', n) || ' '
    || picked('{shirt,box,lamp,"12\" shelf",chair,Tüte,茶碗,mug ☕}', n * 5) || ' ' || n
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

ALTER TABLE categories ADD CONSTRAINT pk_categories PRIMARY KEY (id);
ALTER TABLE products ADD CONSTRAINT pk_products PRIMARY KEY (id);
ALTER TABLE customers ADD CONSTRAINT pk_customers PRIMARY KEY (id);
ALTER TABLE orders ADD CONSTRAINT pk_orders PRIMARY KEY (id);
ALTER TABLE order_items ADD CONSTRAINT pk_order_items PRIMARY KEY (id);
ALTER TABLE products
    ADD CONSTRAINT fk_products_category FOREIGN KEY (category_id) REFERENCES categories;
ALTER TABLE orders
    ADD CONSTRAINT fk_orders_customer FOREIGN KEY (customer_id) REFERENCES customers;
ALTER TABLE order_items
    ADD CONSTRAINT fk_order_items_order FOREIGN KEY (order_id) REFERENCES orders,
    ADD CONSTRAINT fk_order_items_product FOREIGN KEY (product_id) REFERENCES products;

CREATE INDEX ix_orders_newest ON orders (created_at, id);
CREATE INDEX ix_orders_search ON orders (status, total, id);
CREATE INDEX ix_orders_customer ON orders (customer_id);
CREATE UNIQUE INDEX ix_order_items_order ON order_items (order_id, position);

CREATE TABLE bench_data (seed text NOT NULL);
INSERT INTO bench_data VALUES (:'seed');

VACUUM (ANALYZE);
CHECKPOINT;
