import { startApi, type TestApi } from '../support/api-server.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const DSN = `
dsn: shop
description: A small shop
base_url: \${env:SHOP_URL}
auth: { type: oauth2, grant: client_credentials, token_url: "\${env:SHOP_URL}/token", client_id: id, client_secret: "\${env:SHOP_SECRET}" }
tables:
  orders:
    description: One row per order
    path: /orders
    records: $.data[*]
    pagination: { type: page, parameter: page, size_parameter: per_page, size: 100 }
    primary_key: [id]
    columns:
      id: bigint
      status: varchar(20)
      amount: numeric(10,2)
      created_at: timestamptz
      note: { type: text, description: Free text }
    filters:
      status: { operators: ["="], query: status }
  customers:
    driver: xml
    path: /customers.xml
    records: /customers/customer
    primary_key: [id]
    columns: { id: { type: bigint, field: "@id" }, name: text }
  rates:
    driver: csv
    path: /rates.csv
    columns: { currency: text, rate: numeric }
  slow:
    path: /slow
    records: $.data[*]
    pagination: { type: page, parameter: page, size: 1 }
    columns: { id: bigint }
  items:
    path: /orders/{order_id}/items
    records: $.items[*]
    primary_key: [order_id, sku]
    columns: { order_id: { type: bigint, from: filter, references: shop.orders(id) }, sku: varchar(40) }
    filters: { order_id: { operators: ["="], path: order_id, required: true } }
views:
  open_orders: { sql: "SELECT * FROM shop.orders WHERE status = 'open'" }
`;

export const ORDER_COUNT = 450;
const STATUSES = ['open', 'paid', 'shipped'];

const order = (id: number) => ({
  id,
  status: STATUSES[id % 3],
  amount: id * 1.25,
  created_at: `2026-01-${String((id % 28) + 1).padStart(2, '0')}T08:00:00Z`,
  note: id % 5 === 0 ? null : `nöte ${id}`,
});

export interface Shop {
  readonly api: TestApi;
  readonly gateway: TestGateway;
  close(): Promise<void>;
}

/** A gateway over an API with a token endpoint, JSON, XML and CSV, pages, and a resource that never ends. */
export async function startShop(): Promise<Shop> {
  const api = await startApi(async (request) => {
    if (request.path === '/token') return { body: { access_token: 'token', token_type: 'Bearer', expires_in: 300 } };
    if (request.headers.authorization !== 'Bearer token') return { status: 401, body: { error: 'no token' } };
    if (request.path === '/customers.xml') {
      const customers = Array.from(
        { length: 5 },
        (_, k) => `<customer id="${k + 1}"><name>Customer ${k + 1}</name></customer>`,
      );
      return { headers: { 'content-type': 'application/xml' }, body: `<customers>${customers.join('')}</customers>` };
    }
    if (request.path === '/rates.csv') {
      return { headers: { 'content-type': 'text/csv' }, body: 'currency,rate\nEUR,1\nUSD,1.08\n' };
    }
    if (request.path === '/slow') {
      await new Promise((resolve) => setTimeout(resolve, 100));
      return { body: { data: [{ id: Number(request.query.get('page')) }] } };
    }
    const items = /^\/orders\/(\d+)\/items$/.exec(request.path);
    if (items !== null) return { body: { items: [{ sku: `a${items[1]}` }, { sku: `b${items[1]}` }] } };
    const status = request.query.get('status');
    const orders = Array.from({ length: ORDER_COUNT }, (_, k) => order(k + 1)).filter(
      (row) => status === null || row.status === status,
    );
    const page = Number(request.query.get('page'));
    const size = Number(request.query.get('per_page'));
    return { body: { data: orders.slice((page - 1) * size, page * size) } };
  });
  const gateway = await startTestGateway({
    dsns: { 'shop.yaml': DSN },
    env: { SHOP_URL: api.url, SHOP_SECRET: 'canary-secret' },
  });
  return {
    api,
    gateway,
    close: async () => {
      await gateway.close();
      await api.close();
    },
  };
}
