import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { EngineLink } from '../../src/session/engine-link.js';
import { PlanCache } from '../../src/session/plan-cache.js';
import { frontend } from '../../src/wire/write.js';
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
  moments:
    path: /moments
    records: $.rows[*]
    columns: { id: bigint, at: timestamptz }
`;

/** When the row of "moments" is dated. */
let moment = new Date();

let api: TestApi;
let gateway: TestGateway;
let client: pg.Client;

beforeAll(async () => {
  api = await startApi((request) => {
    if (request.path === '/moments') return { body: { rows: [{ id: 1, at: moment.toISOString() }] } };
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

it.each([
  ['a parameter', { name: 'moment', text: 'SELECT id FROM shop.moments WHERE at < $1', values: ['now'] }],
  ['a constant', { text: "SELECT id FROM shop.moments WHERE at < 'now'" }],
  ['a constant in another spelling', { text: "SELECT id FROM shop.moments WHERE at < E'n\\x6fW'" }],
])("'now' is another moment each time: %s", async (_, query) => {
  moment = new Date(Date.now() + 60_000);
  expect((await client.query(query)).rows).toEqual([]);
  expect((await client.query(query)).rows).toEqual([]);
  moment = new Date();
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect((await client.query(query)).rows).toEqual([{ id: '1' }]);
});

it('a table that hides a virtual one is seen, also by a text that was planned before', async () => {
  const text = "SELECT id FROM orders WHERE status = 'open'";
  for (const ids of [[0, 3, 6], [0, 3, 6], [77], [77], [0, 3, 6]]) {
    if (ids[0] === 77)
      await client.query("CREATE TEMP TABLE IF NOT EXISTS orders AS SELECT 77 AS id, 'open' AS status");
    else await client.query('DROP TABLE IF EXISTS pg_temp.orders');
    expect((await client.query(text)).rows.map(({ id }) => Number(id))).toEqual(ids);
  }
});

it('another search path makes another plan', async () => {
  const find = vi.spyOn(PlanCache.prototype, 'find');
  const isKnown = (): boolean => find.mock.results.at(-1)?.value != null;
  const text = "SELECT id FROM shop.orders WHERE status = lower('OPEN')";
  const known: boolean[] = [];
  for (const path of ['shop', 'shop', 'public, shop', 'public, shop']) {
    await client.query(`SET search_path = ${path}`);
    await client.query(text);
    known.push(isKnown());
  }
  expect(known).toEqual([false, true, false, true]);
  find.mockRestore();
});

it('the plans of 100 texts are kept, the latest used', async () => {
  const find = vi.spyOn(PlanCache.prototype, 'find');
  const isKnown = async (text: string): Promise<boolean> => {
    await client.query(text);
    return find.mock.results.at(-1)?.value != null;
  };
  const text = (n: number): string => `SELECT id FROM shop.orders WHERE id = ${n}`;
  for (let n = 0; n < 100; n++) expect(await isKnown(text(n))).toBe(false);
  expect(await isKnown(text(0))).toBe(true);
  expect(await isKnown(text(100))).toBe(false);
  expect(await isKnown(text(0))).toBe(true);
  expect(await isKnown(text(1))).toBe(false);
  find.mockRestore();
});

/** How often the session waits for the engine meanwhile: for the answers to a Flush or a Sync. */
async function roundTrips(work: () => Promise<unknown>): Promise<number> {
  const send = vi.spyOn(EngineLink.prototype, 'send');
  const request = vi.spyOn(EngineLink.prototype, 'request');
  await work();
  const flushes = send.mock.calls.filter(([bytes]) => bytes.equals(frontend.flush)).length;
  const syncs = request.mock.calls.filter(([, kind]) => kind === 'sync').length;
  send.mockRestore();
  request.mockRestore();
  return flushes + syncs;
}

it('the engine is asked as seldom as can be: prepared statements', async () => {
  const execute = (status: string) => () =>
    client.query({ name: 'p', text: 'SELECT id FROM shop.orders WHERE status = $1', values: [status] });
  await execute('open')();
  expect(await roundTrips(execute('open'))).toBe(2);
  expect(await roundTrips(execute('paid'))).toBe(2);
});

it.each([
  ['rows that stream', "SELECT id FROM shop.orders WHERE status = 'open'", 2, 2],
  ['an unqualified name', "SELECT id FROM orders WHERE status = 'open'", 3, 2],
  ['a join', 'SELECT o.id FROM shop.orders o JOIN shop.other p USING (id)', 3, 3],
  ['a value that the engine has to evaluate', 'SELECT id FROM shop.orders WHERE at < now()', 3, 3],
])('the engine is asked as seldom as can be: %s', async (_, text, first, again) => {
  expect(await roundTrips(() => client.query(text))).toBe(first);
  expect(await roundTrips(() => client.query(text))).toBe(again);
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
