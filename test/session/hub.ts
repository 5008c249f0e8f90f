import { type ApiHandler, startApi, type TestApi } from '../support/api-server.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const DSN = `
dsn: hub
base_url: "\${env:HUB_URL}"
tables:
  orgs:
    path: /orgs
    primary_key: [login]
    columns: { login: text, plan: text }
    filters: { plan: { operators: ["="], query: plan } }
  repos:
    path: /orgs/{org}/repos
    columns: { org: { type: text, from: filter }, name: text, stars: integer }
    filters: { org: { operators: ["="], path: org } }
  issues:
    path: /repos/{org}/{repo}/issues
    columns: { org: { type: text, from: filter }, repo: { type: text, from: filter }, number: integer, state: text }
    filters:
      org: { operators: ["="], path: org }
      repo: { operators: ["="], path: repo }
      state: { operators: ["="], query: state }
  comments:
    path: /repos/{org}/{repo}/issues/{number}/comments
    columns:
      org: { type: text, from: filter }
      repo: { type: text, from: filter }
      number: { type: integer, from: filter }
      body: text
    filters:
      org: { operators: ["="], path: org }
      repo: { operators: ["="], path: repo }
      number: { operators: ["="], path: number }
  orders:
    path: /orders
    pagination: { type: page, parameter: page, size_parameter: size, size: 10 }
    records: $.rows[*]
    primary_key: [id]
    columns:
      id: bigint
      customer_id: bigint
      status: varchar(20)
      stock: integer
      amount: { type: "numeric(10,2)", not_null: true }
      created: { type: timestamptz, not_null: true }
      paid: boolean
    filters:
      id: { operators: ["=", in], query: id, separator: ",", batch: 3 }
      stock: { operators: ["<=", ">=", "<>"], query: stock, template: "{operator}{value}" }
      customer_id: { operators: ["=", in], query: customer, separator: ",", batch: 20 }
      status: { operators: ["=", in], query: status, separator: "|" }
      created: { operators: [">=", "<"], query: created, template: "{operator}{value}", format: rfc3339 }
      paid: { operators: ["="], query: paid, values: { true: "1", false: "0" } }
    limit: { query: size, max: 10 }
    order_by: { query: sort, template: "{field}", descending: "-{field}", separator: ",", columns: [id, amount, created] }
    select: { query: fields }
    count: { field: $.total }
    rows: 30
  customers:
    path: /customers
    primary_key: [id]
    columns: { id: bigint, name: text }
    lookup: { filter: id, path: "/customers/{id}", records: $, max: 3 }
views:
  open_orders: { sql: "SELECT * FROM hub.orders WHERE status = 'open'" }
`;

const ORDERS = Array.from({ length: 30 }, (_, k) => ({
  id: k + 1,
  customer_id: (k % 6) + 1,
  status: ['open', 'paid', 'sent'][k % 3],
  amount: ((k * 7) % 30) + 0.5,
  created: new Date(Date.UTC(2026, 0, 1 + k)).toISOString(),
  paid: k % 2 === 0,
  stock: k - 10,
}));
const CUSTOMERS = Array.from({ length: 6 }, (_, k) => ({ id: k + 1, name: `c${k + 1}` }));

const answer: ApiHandler = ({ path, query }) => {
  const [, first, second, third, fourth, fifth] = path.split('/');
  if (path === '/orgs')
    return {
      body: [
        { login: 'a', plan: 'free' },
        { login: 'b', plan: 'team' },
      ].filter((org) => [null, org.plan].includes(query.get('plan'))),
    };
  if (first === 'orgs')
    return {
      body: [
        { name: `${second}1`, stars: 5 },
        { name: `${second}2`, stars: 50 },
      ],
    };
  if (fifth !== undefined) return { body: [{ body: `on ${third}/${fifth}` }] };
  if (fourth === 'issues')
    return {
      body: [
        { number: 1, state: 'open' },
        { number: 2, state: 'closed' },
      ],
    };
  if (path === '/customers') return { body: CUSTOMERS };
  if (first === 'customers') {
    const found = CUSTOMERS.find((customer) => customer.id === Number(second));
    return found === undefined ? { status: 404, body: {} } : { body: found };
  }
  return { body: orders(query) };
};

function orders(query: URLSearchParams): object {
  const among = (name: string, separator: string, value: unknown): boolean =>
    !query.has(name) || query.get(name)!.split(separator).includes(String(value));
  const rows = ORDERS.filter(
    (row) =>
      among('id', ',', row.id) &&
      among('customer', ',', row.customer_id) &&
      among('status', '|', row.status) &&
      among('paid', ',', row.paid ? '1' : '0') &&
      (!query.has('stock') || isInStock(row.stock, query.get('stock')!)) &&
      (!query.has('created') || isInRange(row.created, query.get('created')!)),
  );
  for (const key of (query.get('sort') ?? '').split(',').reverse()) {
    const name = key.replace('-', '') as 'id' | 'amount' | 'created';
    if (key !== '')
      rows.sort((a, b) => (a[name] < b[name] ? -1 : a[name] > b[name] ? 1 : 0) * (key[0] === '-' ? -1 : 1));
  }
  const size = Number(query.get('size'));
  const start = (Number(query.get('page')) - 1) * size;
  return { total: rows.length, rows: rows.slice(start, start + size) };
}

function isInStock(stock: number, text: string): boolean {
  return text.split(' and ').every((part) => {
    const [, operator, value] = /^(<=|>=|<>)(.*)$/.exec(part)!;
    if (operator === '<>') return stock !== Number(value);
    return operator === '<=' ? stock <= Number(value) : stock >= Number(value);
  });
}

function isInRange(created: string, text: string): boolean {
  return text.split(' and ').every((part) => {
    const [, operator, value] = /^(>=|<)(.*)$/.exec(part)!;
    return operator === '<' ? new Date(created) < new Date(value!) : new Date(created) >= new Date(value!);
  });
}

/** A gateway over an API of organisations, their repositories and issues, and of orders, which filters as it declares. */
export interface Hub {
  readonly api: TestApi;
  readonly gateway: TestGateway;
  close(): Promise<void>;
}

export async function startHub(): Promise<Hub> {
  const api = await startApi(answer);
  const gateway = await startTestGateway({ dsns: { 'hub.yaml': DSN }, env: { HUB_URL: api.url } });
  return {
    api,
    gateway,
    close: async () => {
      await gateway.close();
      await api.close();
    },
  };
}
