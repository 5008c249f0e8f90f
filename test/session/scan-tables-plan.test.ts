import { afterAll, beforeAll, expect, it } from 'vitest';
import { startApi, type TestApi } from '../support/api-server.js';
import { errorOf, RawClient, rowsOf } from '../support/raw-client.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const DSN = `
dsn: shop
base_url: "\${env:SHOP_URL}"
tables:
  parts:
    path: /parts
    primary_key: [id]
    columns: { id: integer, brand: text, size: integer, code: text }
  lines:
    path: /lines
    columns: { part: integer, code: text, qty: integer, mode: text }
`;
const PARTS = Array.from({ length: 1000 }, (_, k) => ({
  id: k,
  brand: `B${k % 5}`,
  size: k % 50,
  note: 'x'.repeat(40),
}));
const LINES = Array.from({ length: 4000 }, (_, k) => ({
  part: k % 1000,
  code: `code ${k % 1000} ${'y'.repeat(k === 7 ? 20_000 : 10)}`,
  qty: k % 30,
  mode: k % 3 === 0 ? 'AIR' : 'SHIP',
}));

let api: TestApi;
let gateway: TestGateway;
let client: RawClient;

beforeAll(async () => {
  api = await startApi({ '/parts': { body: PARTS }, '/lines': { body: LINES } });
  gateway = await startTestGateway({ dsns: { 'shop.yaml': DSN }, env: { SHOP_URL: api.url } });
  client = await RawClient.login(gateway.port);
});
afterAll(async () => {
  client?.close();
  await gateway?.close();
  await api?.close();
});

async function query(sql: string): Promise<string[]> {
  const frames = await client.query(sql, 30_000);
  expect(errorOf(frames)).toBeNull();
  return rowsOf(frames).map((row) => row.join('|'));
}

it('the engine knows of loaded tables how many rows a condition leaves, and does not compare all with all', async () => {
  const sql = `SELECT count(*) FROM shop.lines JOIN shop.parts ON id = part
    WHERE mode = 'AIR' AND ((brand = 'B1' AND qty BETWEEN 1 AND 20 AND size >= 1) OR (brand = 'B2' AND qty BETWEEN 5 AND 25 AND size <= 40))`;
  const plan = (await query(`EXPLAIN (ANALYZE) ${sql}`)).join('\n');
  expect(plan).toMatch(/Hash Join/);
  const matches = LINES.filter(({ part, qty, mode }) => {
    const { brand, size } = PARTS[part]!;
    const isFirst = brand === 'B1' && qty >= 1 && qty <= 20 && size >= 1;
    return mode === 'AIR' && (isFirst || (brand === 'B2' && qty >= 5 && qty <= 25 && size <= 40));
  });
  expect(await query(sql)).toEqual([String(matches.length)]);
});

it.each([
  ['SELECT count(*) FROM shop.parts p WHERE size > (SELECT 2 * avg(qty) FROM shop.lines WHERE part = p.id)', /Index/],
  [
    'SELECT count(z.qty) FROM shop.parts p, LATERAL (SELECT qty FROM shop.lines WHERE part = p.id ORDER BY qty LIMIT 1) z',
    /Index/,
  ],
  // a value that is too long for a row of a b-tree
  ['SELECT count(*) FROM shop.parts p WHERE 4 = (SELECT count(*) FROM shop.lines l WHERE l.code = p.code)', /Index/],
])('rows that are looked up again and again are found by an index: %s', async (sql, expected) => {
  expect((await query(`EXPLAIN (ANALYZE) ${sql}`)).join('\n')).toMatch(expected);
  expect(await query(sql)).toHaveLength(1);
});
