-- Keys and indexes, made when the rows are there, which is faster.

\set ON_ERROR_STOP on
SET maintenance_work_mem = '256MB';

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
