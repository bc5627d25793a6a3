// JSON Schemas of requests and responses: with them Fastify validates, and serialises fast.
const uuid = { type: "string", format: "uuid" };
const time = { type: "string", format: "date-time" };
const text = { type: "string" };

const object = (properties) => ({
  type: "object",
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});

const order = object({
  id: uuid,
  status: text,
  total: text,
  note: { type: "string", nullable: true },
  created_at: time,
  customer: object({ id: uuid, email: text, name: text }),
  items: {
    type: "array",
    items: object({ id: uuid, product: text, quantity: { type: "integer" }, unit_price: text }),
  },
});

export const key = object({ id: uuid });

const customer = object({ id: uuid, email: text, name: text, city: text, created_at: time });

export const customerRoute = { params: key, response: { 200: customer } };

export const createRoute = {
  body: {
    type: "object",
    properties: { email: text, name: text, city: text, phone: { type: "string", nullable: true } },
    required: ["email", "name", "city"],
  },
  response: { 201: customer },
};

export const orderRoute = { params: key, response: { 200: order } };

export const placeRoute = {
  body: {
    type: "object",
    properties: {
      customer_id: uuid,
      note: { type: "string", nullable: true },
      items: {
        type: "array",
        minItems: 1,
        items: object({ product_id: uuid, quantity: { type: "integer", minimum: 1 } }),
      },
    },
    required: ["customer_id", "items"],
  },
  response: { 201: order },
};

export const ordersRoute = {
  querystring: {
    type: "object",
    properties: {
      size: { type: "integer", minimum: 1, maximum: 100, default: 50 },
      time,
      id: uuid,
      status: text,
      total_min: text,
      sort: { enum: ["-created_at", "-total"] },
    },
  },
  response: {
    200: object({
      items: { type: "array", items: order },
      next: { type: "string", nullable: true },
      previous: { type: "string", nullable: true },
      total: { type: "integer", nullable: true },
    }),
  },
};
