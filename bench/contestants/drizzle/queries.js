// Relational queries, prepared once, as Drizzle's page on performance advises. Lists are walked
// by a cursor of two columns, as its guide on cursor-based pagination has it.
import { and, asc, desc, eq, gte, lt, lte, or, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/node-postgres";
import pg from "pg";
import * as tables from "./tables.js";

const { customers, orders, orderItems } = tables;

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
