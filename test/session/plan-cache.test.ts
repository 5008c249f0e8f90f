import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { PlanCache } from '../../src/session/plan-cache.js';
import { startApi, type TestApi } from '../support/api-server.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const DSN = `
dsn: shop
base_url: \${env:API_URL}
tables:
  orders:
    path: /orders
    records: $.rows[*]
    columns: { id: bigint, status: text, at: timestamptz }
    filters: { status: { operators: ["=", in], query: status, separator: "," }, id: { operators: ["="], query: id } }
  other:
    path: /other
    records: $.rows[*]
    columns: { id: bigint, status: text }
`;

let api: TestApi;
let gateway: TestGateway;
let client: pg.Client;

beforeAll(async () => {
  api = await startApi((request) => {
    const wanted = request.query.get('status')?.split(',');
    const rows = Array.from({ length: 9 }, (_, id) => ({
      id,
      status: ['open', 'paid', 'void'][id % 3]!,
      at: `2026-01-0${id + 1}T00:00:00Z`,
    }));
    return { body: { rows: rows.filter(({ status }) => wanted === undefined || wanted.includes(status)) } };
  });
  gateway = await startTestGateway({ dsns: { 'shop.yaml': DSN }, env: { API_URL: api.url } });
});

beforeEach(async () => {
  client = await gateway.connect();
  return () => client.end();
});

afterAll(async () => {
  await gateway?.close();
  await api?.close();
});

async function run(name: string, text: string, values: unknown[] = []): Promise<{ ids: number[]; url: string }> {
  const { rows } = await client.query({ name, text, values });
  return { ids: rows.map((row) => Number(row.id)), url: api.requests.at(-1)!.url };
}

it('a prepared statement is planned anew for other values, and gives the right rows for each', async () => {
  const text = 'SELECT id FROM shop.orders WHERE status = $1';
  for (const [status, ids] of [
    ['open', [0, 3, 6]],
    ['open', [0, 3, 6]],
    ['paid', [1, 4, 7]],
    ['open', [0, 3, 6]],
    [null, []],
  ] as const) {
    const result = await client.query({ name: 'by-status', text, values: [status] });
    expect(result.rows.map(({ id }) => Number(id))).toEqual(ids);
    if (status !== null) expect(api.requests.at(-1)!.url).toBe(`/orders?status=${status}`);
  }
});

it('a plan is used again only while what it depends on is the same', async () => {
  const text = "SELECT id FROM orders WHERE at < '2026-01-04'::date ORDER BY id";
  const [first, again] = [await run('dated', text), await run('dated', text)];
  expect([first.ids, again.ids]).toEqual([
    [0, 1, 2],
    [0, 1, 2],
  ]);
  await client.query("SET TimeZone = 'America/New_York'");
  expect((await run('dated', text)).ids).toEqual([0, 1, 2, 3]);
  await client.query('RESET TimeZone');
  expect((await run('dated', text)).ids).toEqual([0, 1, 2]);
});

it('a temporary view that was replaced is seen', async () => {
  await client.query("CREATE TEMP VIEW wanted AS SELECT 'open'::text AS s");
  const text = 'SELECT o.id FROM shop.orders o JOIN wanted w ON w.s = o.status ORDER BY 1';
  expect((await run('joined', text)).ids).toEqual([0, 3, 6]);
  expect((await run('joined', text)).ids).toEqual([0, 3, 6]);
  await client.query("CREATE OR REPLACE TEMP VIEW wanted AS SELECT 'paid'::text AS s");
  expect((await run('joined', text)).ids).toEqual([1, 4, 7]);
});

it('what now() gives is never kept', async () => {
  const text = "SELECT count(*)::int AS id FROM shop.orders WHERE at < now() - interval '1 day' + $1::interval";
  expect((await run('recent', text, ['0 s'])).ids).toEqual([9]);
  expect((await run('recent', text, ['-100 years'])).ids).toEqual([0]);
});

it('a reload makes plans of the old definitions useless', async () => {
  const text = "SELECT id FROM shop.orders WHERE status = 'open'";
  expect((await run('reloaded', text)).url).toBe('/orders?status=open');
  expect((await run('reloaded', text)).url).toBe('/orders?status=open');
  await gateway.serving.reload();
  expect((await run('reloaded', text)).ids).toEqual([0, 3, 6]);
});

it('settings of the gateway hold from the next execution on', async () => {
  const text = 'SELECT id FROM shop.orders WHERE id = $1::bigint';
  expect((await run('limited', text, [4])).ids).toEqual([4]);
  await client.query('SET tidegate.max_requests = 0');
  await expect(run('limited', text, [4])).rejects.toMatchObject({ code: '54000' });
  await client.query("SET tidegate.max_requests = 'x'");
  await expect(run('limited', text, [4])).rejects.toMatchObject({ code: '22023' });
});

it('a plan is used again for equal values, and not for others', async () => {
  const find = vi.spyOn(PlanCache.prototype, 'find');
  const text =
    'SELECT o.id FROM shop.orders o JOIN shop.other p USING (id) WHERE o.status = $1 AND p.id < $2 ORDER BY 1';
  const isKnown = (): boolean => find.mock.results.at(-1)?.value != null;
  expect((await run('fast', text, ['open', 5])).ids).toEqual([0, 3]);
  expect(isKnown()).toBe(false);
  expect((await run('fast', text, ['open', 5])).ids).toEqual([0, 3]);
  expect(isKnown()).toBe(true);
  find.mockClear();
  expect((await run('fast', text, ['open', 1])).ids).toEqual([0]);
  expect(isKnown()).toBe(false);
  find.mockRestore();
});
