import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DemoApi, startDemoApi } from '../../demo/demo-api.js';
import { get, newToken, type OrderPage, type WrittenOrder } from './client.js';

const COUNT = 2_345;
let api: DemoApi;
let token: string;
let all: readonly WrittenOrder[];

const page = async (query: string): Promise<OrderPage> =>
  (await (await get(api, `/orders?${query}`, token)).json()) as OrderPage;
const ids = (orders: readonly WrittenOrder[]): readonly number[] => orders.map(({ id }) => id);

beforeAll(async () => {
  api = await startDemoApi({ orders: COUNT });
  token = await newToken(api);
  const pages = await Promise.all([1, 2, 3].map((number) => page(`page=${number}&per_page=1000`)));
  all = pages.flatMap(({ data }) => data);
});
afterAll(() => api.close());

test('the pages hold every order once, in order, and say where they end', async () => {
  expect(ids(all)).toEqual(Array.from({ length: COUNT }, (_, index) => index + 1));
  expect(await page('page=3&per_page=1000')).toMatchObject({ page: 3, per_page: 1000, total: COUNT, has_more: false });
  expect(await page('page=2&per_page=1000')).toMatchObject({ has_more: true });
  expect(await page('page=1&per_page=2345')).toMatchObject({ per_page: 1000, has_more: true });
  expect(await page('page=9007199254740993&per_page=1000')).toMatchObject({ data: [], has_more: false });
});

test('an order is the same on every page, by itself, in a second server and beside its items', async () => {
  const other = await startDemoApi({ orders: COUNT });
  try {
    const elsewhere = await (await get(other, '/orders/777', await newToken(other))).text();
    const alone = await (await get(api, '/orders/777', token)).text();
    expect(alone).toBe(elsewhere);
    expect(JSON.parse(alone)).toEqual(all[776]);
  } finally {
    await other.close();
  }
  for (const order of all.slice(0, 40)) {
    const response = await get(api, `/orders/${order.id}/items`, token);
    const { items } = (await response.json()) as { items: { line: number; qty: number; price: number }[] };
    expect(items.map(({ line }) => line)).toEqual(items.map((_, index) => index + 1));
    expect(items).toHaveLength(order.items_count);
    expect(items.reduce((sum, { qty, price }) => sum + qty * price, 0)).toBeCloseTo(order.amount, 6);
  }
});

test('amounts are written with two digits, and notes with every kind of JSON string', async () => {
  const text = await (await get(api, '/orders?per_page=1000', token)).text();
  const amounts = [...text.matchAll(/"amount":([^,]+),/g)].map(([, amount]) => amount);
  expect(amounts).toHaveLength(1000);
  expect(amounts.filter((amount) => !/^\d+\.\d\d$/.test(amount!))).toEqual([]);
  expect(amounts.some((amount) => amount!.endsWith('0'))).toBe(true);
  for (const sign of [
    '\\n',
    '\\t',
    '\\\\',
    '\\"',
    '\\/',
    '\\u00fc',
    '\\ud83d\\udeb2',
    '🚲',
    '配',
    '"note":""',
    'null',
  ]) {
    expect(text, sign).toContain(sign);
  }
  expect(new Set(all.map(({ note }) => note)).size).toBe(9);
});

test.each([
  ['status=open', (order: WrittenOrder) => order.status === 'open'],
  ['status=open,cancelled', (order: WrittenOrder) => ['open', 'cancelled'].includes(order.status)],
  ['status=nonesuch', () => false],
  ['status=', () => false],
  ['customer_id=17', (order: WrittenOrder) => order.customer.id === 17],
  ['customer_id=99999999999999999999', () => false],
  ['status=shipped&customer_id=17', (order: WrittenOrder) => order.status === 'shipped' && order.customer.id === 17],
  [
    'created_after=2023-01-20T00:00:00%2B02:00',
    (order: WrittenOrder) => Date.parse(order.created_at) >= Date.UTC(2023, 0, 19, 22),
  ],
])('%s keeps exactly the orders it names', async (query, isWanted) => {
  const wanted = all.filter(isWanted);
  const first = await page(`${query}&per_page=1000&page=1`);
  const rest = [
    ...(await page(`${query}&per_page=1000&page=2`)).data,
    ...(await page(`${query}&per_page=1000&page=3`)).data,
  ];
  expect(first.total).toBe(wanted.length);
  expect(ids([...first.data, ...rest])).toEqual(ids(wanted));
});

test('created_after takes in its own instant and nothing a microsecond before', async () => {
  const order = all.find(({ created_at: at }) => /\.\d{3}Z$/.test(at))!;
  const at = order.created_at.slice(0, -1);
  expect((await page(`created_after=${at}Z`)).data[0]!.id).toBe(order.id);
  expect((await page(`created_after=${at}001Z`)).data[0]!.id).toBe(order.id + 1);
});

test('sort orders by the key, both ways, with a filter too', async () => {
  expect(ids((await page('sort=-id&per_page=3')).data)).toEqual([COUNT, COUNT - 1, COUNT - 2]);
  const times = (await page('sort=-created_at&status=open&per_page=1000')).data.map(({ created_at: at }) =>
    Date.parse(at),
  );
  expect(times).toEqual([...times].sort((a, b) => b - a));
  const amounts = (await page('sort=amount&per_page=1000')).data.map(({ amount }) => amount);
  expect(amounts).toEqual(
    all
      .map(({ amount }) => amount)
      .sort((a, b) => a - b)
      .slice(0, 1000),
  );
});

test.each([
  'page=0',
  'page=x',
  'page=1.5',
  'per_page=-1',
  'per_page=',
  'customer_id=abc',
  'sort=colour',
  'sort=--id',
  'created_after=yesterday',
  'created_after=2023-02-30T00:00:00Z',
  'created_after=2023-01-01T25:00:00Z',
  'created_after=2023-01-01T00:00:00+02:00',
])('%s is a 400 that names the parameter', async (query) => {
  const response = await get(api, `/orders?${query}`, token);
  expect(response.status).toBe(400);
  const { error } = (await response.json()) as { error: { message: string } };
  expect(error.message).toContain(`"${query.split('=')[0]}"`);
});

test.each(['/orders/0', `/orders/${COUNT + 1}`, '/orders/1/items/2', '/orders/1x', '/', '/orders/%31'])(
  '%s is 404',
  async (path) => {
    expect((await get(api, path, token)).status).toBe(404);
  },
);

test('other methods are refused', async () => {
  const response = await fetch(`${api.url}/orders`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${token}` },
  });
  expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
});
