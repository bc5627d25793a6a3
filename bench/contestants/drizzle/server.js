// Fastify with Drizzle on node-postgres: one process, no log of requests.
import Fastify from "fastify";
import * as queries from "./queries.js";
import * as schemas from "./schemas.js";

const app = Fastify({ logger: false });

app.get("/customers/:id", { schema: schemas.customerRoute }, async (request, reply) => {
  const found = await queries.readCustomer.execute({ id: request.params.id });
  return found ?? reply.code(404).send({ message: "Customer not found" });
});

app.get("/orders/:id", { schema: schemas.orderRoute }, async (request, reply) => {
  const found = await queries.readOrder.execute({ id: request.params.id });
  return found ?? reply.code(404).send({ message: "Order not found" });
});

app.get("/orders", { schema: schemas.ordersRoute }, async (request) => {
  const items = await listed(request.query);
  const last = items.length === request.query.size ? items.at(-1) : null;
  const next = last && `${last.created_at.toISOString()},${last.id}`;
  return { items, next, previous: null, total: null };
});

app.post("/customers", { schema: schemas.createRoute }, async (request, reply) => {
  const [created] = await queries.createCustomer.execute({ phone: null, ...request.body });
  return reply.code(201).send(created);
});

app.post("/orders", { schema: schemas.placeRoute }, async (request, reply) => {
  return reply.code(201).send(await queries.placeOrder(request.body));
});

function listed({ size, time, id, status, total_min }) {
  if (status !== undefined) return queries.search.execute({ size, status, total_min });
  if (time !== undefined) return queries.nextPage.execute({ size, time: new Date(time), id });
  return queries.firstPage.execute({ size });
}

await app.listen({ host: "127.0.0.1", port: Number(process.env.PORT) });
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, async () => {
    await app.close();
    await queries.pool.end();
  });
}
