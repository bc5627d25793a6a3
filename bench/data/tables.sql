-- The tables of the benchmark, and functions that make the same rows on every machine.

\set ON_ERROR_STOP on

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
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    name text NOT NULL
);
CREATE TABLE products (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    category_id uuid NOT NULL,
    sku text NOT NULL,
    name text NOT NULL,
    price numeric(10, 2) NOT NULL,
    stock integer NOT NULL
);
CREATE TABLE customers (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    email text NOT NULL,
    name text NOT NULL,
    city text NOT NULL,
    phone text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE orders (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    customer_id uuid NOT NULL,
    status text NOT NULL DEFAULT 'pending',
    total numeric(12, 2) NOT NULL,
    note text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE order_items (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    order_id uuid NOT NULL,
    product_id uuid NOT NULL,
    position smallint NOT NULL,
    product text NOT NULL,
    quantity integer NOT NULL,
    unit_price numeric(10, 2) NOT NULL
);
