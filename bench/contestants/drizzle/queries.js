// Relational queries, prepared once, as Drizzle's page on performance advises. Lists are walked
// by a cursor of two columns, as its guide on cursor-based pagination has it.
import { and, asc, desc, eq, gte, inArray, lt, lte, or, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/node-postgres";
import pg from "pg";
import * as tables from "./tables.js";

const { customers, orders, orderItems, products } = tables;

// Host, port, user and database come from PGHOST and its sisters.
export const pool = new pg.Pool({ max: 10 });
const db = drizzle(pool, { schema: tables });

const value = (name) => sql.placeholder(name);

const nested = {
  columns: { id: true, status: true, total: true, note: true, created_at: true },
  with: {
    customer: { columns: { id: true, email: true, name: true } },
    items: {
      columns: { id: true, product: true, quantity: true, unit_price: true },
      orderBy: asc(orderItems.position),
    },
  },
};

const newest = [desc(orders.created_at), desc(orders.id)];

export const readCustomer = db.query.customers
  .findFirst({
    columns: { id: true, email: true, name: true, city: true, created_at: true },
    where: eq(customers.id, value("id")),
  })
  .prepare("read_customer");

export const readOrder = db.query.orders
  .findFirst({ ...nested, where: eq(orders.id, value("id")) })
  .prepare("read_order");

export const firstPage = db.query.orders
  .findMany({ ...nested, orderBy: newest, limit: value("size") })
  .prepare("first_page");

export const nextPage = db.query.orders
  .findMany({
    ...nested,
    // The guide has the OR alone; the bound beside it lets the index find the place.
    where: and(
      lte(orders.created_at, value("time")),
      or(lt(orders.created_at, value("time")), lt(orders.id, value("id"))),
    ),
    orderBy: newest,
    limit: value("size"),
  })
  .prepare("next_page");

export const search = db.query.orders
  .findMany({
    ...nested,
    where: and(eq(orders.status, value("status")), gte(orders.total, value("total_min"))),
    orderBy: [desc(orders.total), desc(orders.id)],
    limit: value("size"),
  })
  .prepare("search");

export const createCustomer = db
  .insert(customers)
  .values({
    email: value("email"),
    name: value("name"),
    city: value("city"),
    phone: value("phone"),
  })
  .returning({
    id: customers.id,
    email: customers.email,
    name: customers.name,
    city: customers.city,
    created_at: customers.created_at,
  })
  .prepare("create_customer");

// Prices are counted in cents: numeric comes as a string, and a float is no money.
const cents = (price) => Math.round(Number(price) * 100);
const amount = (total) => (total / 100).toFixed(2);

export class Refusal extends Error {
  constructor(statusCode, message) {
    super(message);
    this.statusCode = statusCode;
  }
}

// Drizzle's `transaction`: the products locked by rising id, then one UPDATE a line.
export function placeOrder({ customer_id, note = null, items }) {
  return db.transaction(async (tx) => {
    const customer = await tx.query.customers.findFirst({
      columns: { id: true, email: true, name: true },
      where: eq(customers.id, customer_id),
    });
    if (!customer) throw new Refusal(404, "Customer not found");
    const lines = await reserved(tx, items);
    const total = lines.reduce((sum, line) => sum + cents(line.unit_price) * line.quantity, 0);
    const [order] = await tx
      .insert(orders)
      .values({ customer_id, note, total: amount(total) })
      .returning();
    const added = await tx
      .insert(orderItems)
      .values(lines.map((line) => ({ ...line, order_id: order.id })))
      .returning();
    added.sort((one, other) => one.position - other.position);
    return { ...order, customer, items: added };
  });
}

async function reserved(tx, items) {
  const locked = await tx
    .select()
    .from(products)
    .where(inArray(products.id, items.map((line) => line.product_id)))
    .orderBy(asc(products.id))
    .for("update");
  const found = new Map(locked.map((product) => [product.id, product]));
  const lines = [];
  for (const [place, { product_id, quantity }] of items.entries()) {
    const product = found.get(product_id);
    if (!product) throw new Refusal(404, "Product not found");
    if (product.stock < quantity) throw new Refusal(409, "Out of stock");
    await tx
      .update(products)
      .set({ stock: product.stock - quantity })
      .where(eq(products.id, product_id));
    const { name, price } = product;
    lines.push({ product_id, position: place + 1, product: name, quantity, unit_price: price });
  }
  return lines;
}
