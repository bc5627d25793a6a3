// The tables and their relations, as Drizzle's documentation declares them.
import { relations } from "drizzle-orm";
import { integer, numeric, pgTable, smallint, text, timestamp, uuid } from "drizzle-orm/pg-core";

const time = (name) => timestamp(name, { withTimezone: true }).notNull();

export const customers = pgTable("customers", {
  id: uuid("id").primaryKey().defaultRandom(),
  email: text("email").notNull(),
  name: text("name").notNull(),
  city: text("city").notNull(),
  phone: text("phone"),
  created_at: time("created_at").defaultNow(),
  updated_at: time("updated_at").defaultNow(),
});

export const products = pgTable("products", {
  id: uuid("id").primaryKey(),
  name: text("name").notNull(),
  price: numeric("price", { precision: 10, scale: 2 }).notNull(),
  stock: integer("stock").notNull(),
});

export const orders = pgTable("orders", {
  id: uuid("id").primaryKey().defaultRandom(),
  customer_id: uuid("customer_id").notNull().references(() => customers.id),
  status: text("status").notNull().default("pending"),
  total: numeric("total", { precision: 12, scale: 2 }).notNull(),
  note: text("note"),
  created_at: time("created_at").defaultNow(),
  updated_at: time("updated_at").defaultNow(),
});

export const orderItems = pgTable("order_items", {
  id: uuid("id").primaryKey().defaultRandom(),
  order_id: uuid("order_id").notNull().references(() => orders.id),
  product_id: uuid("product_id").notNull(),
  position: smallint("position").notNull(),
  product: text("product").notNull(),
  quantity: integer("quantity").notNull(),
  unit_price: numeric("unit_price", { precision: 10, scale: 2 }).notNull(),
});

export const ordersRelations = relations(orders, ({ one, many }) => ({
  customer: one(customers, { fields: [orders.customer_id], references: [customers.id] }),
  items: many(orderItems),
}));

export const orderItemsRelations = relations(orderItems, ({ one }) => ({
  order: one(orders, { fields: [orderItems.order_id], references: [orders.id] }),
}));
