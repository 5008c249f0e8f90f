import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { frontend } from '../../src/wire/write.js';
import type { TestApi } from '../support/api-server.js';
import { type BackendFrame, errorOf, RawClient, typesOf } from '../support/raw-client.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { EVERYTHING_DSN, startEverythingApi } from './everything.js';

/** E: the table of everything, P: the pairs. The same statement runs over virtual tables and over ordinary ones. */
const STATEMENTS = [
  'SELECT * FROM E',
  'SELECT id FROM E',
  'SELECT raw, jb, j, u, t, ts, at, day, b, v, s, d, r, num, amount, n, i, id FROM E',
  'SELECT id, id, s, s FROM E',
  'SELECT s AS "Some Name", n AS n2 FROM E AS x',
  'SELECT E.id FROM E',
  'SELECT * FROM E LIMIT 5',
  'SELECT * FROM E LIMIT 7 OFFSET 10',
  'SELECT id FROM E OFFSET 58',
  'SELECT id FROM E LIMIT 0',
  'SELECT id FROM E LIMIT ALL',
  'SELECT id FROM E FETCH FIRST 3 ROWS ONLY',
  'SELECT id, s FROM E WHERE id = 42',
  'SELECT id, s FROM E WHERE 42 = id',
  'SELECT id, s FROM E WHERE id <> 42 AND id > 40 AND id <= 50',
  'SELECT id, i FROM E WHERE i = -32768',
  'SELECT id, n FROM E WHERE n >= 0',
  'SELECT id, n FROM E WHERE n IN (2147483647, 3, 0)',
  'SELECT id, n FROM E WHERE n = 2147483647 OR n = 0',
  "SELECT id, s FROM E WHERE s = 'plain'",
  "SELECT id, s FROM E WHERE s = ''",
  "SELECT id, s FROM E WHERE s < 'b'",
  "SELECT id, v FROM E WHERE v = E'line\\nbreak'",
  "SELECT id, v FROM E WHERE v > 'p' LIMIT 3",
  'SELECT id, amount FROM E WHERE amount > 1.5',
  'SELECT id, amount FROM E WHERE amount = 0.001',
  'SELECT id, num FROM E WHERE num > 1e20',
  'SELECT id, r FROM E WHERE r > 1',
  "SELECT id, r FROM E WHERE r = '3.4e38'::real",
  "SELECT id, d FROM E WHERE d >= '1e15'::float8",
  'SELECT id, paid FROM E WHERE paid',
  'SELECT id, paid FROM E WHERE NOT paid AND id > 5',
  'SELECT id, paid FROM E WHERE paid IS NOT TRUE',
  'SELECT id, tags, sums, grid, times, flags, notes, ids FROM E WHERE id > 3 LIMIT 40',
  'SELECT unnest(tags), sums[1], cardinality(grid) FROM E',
  'SELECT id, b FROM E WHERE b',
  'SELECT id, b FROM E WHERE NOT b',
  'SELECT id, b FROM E WHERE b IS NOT TRUE',
  'SELECT id, b FROM E WHERE b IS FALSE',
  "SELECT id, day FROM E WHERE day < '2000-01-01'",
  "SELECT id, at FROM E WHERE at >= '2000-02-29 12:00+00'",
  "SELECT id, ts FROM E WHERE ts > '2020-01-01'",
  "SELECT id, t FROM E WHERE t < '12:00'",
  "SELECT id, u FROM E WHERE u = 'A0EEBC99-9C0B-4EF8-BB6D-000000000007'",
  'SELECT id, s FROM E WHERE s IS NULL',
  'SELECT id, s FROM E WHERE s IS NOT NULL AND b LIMIT 4 OFFSET 2',
  "SELECT id FROM E WHERE s LIKE 'p%'",
  "SELECT id FROM E WHERE (s)::text = 'plain' AND (v)::text <> 'x'",
  'SELECT * FROM (SELECT id, s FROM E LIMIT 20) "_" LIMIT 3',
  'SELECT * FROM (SELECT id, s FROM E LIMIT 20 OFFSET 5) "_" LIMIT 30 OFFSET 3',
  'SELECT * FROM (SELECT id, s FROM E WHERE n > 0) "_" WHERE id < 30',
  'SELECT "rows"."s" AS "s" FROM E "rows" GROUP BY "s" ORDER BY 1 LIMIT 1000001',
  'SELECT count(*), count(s), sum(amount), min(at), max(day), avg(n) FROM E',
  'SELECT count(distinct(s)) + max(CASE WHEN s IS NULL THEN 1 ELSE 0 END) FROM E',
  'SELECT id, upper(s), n + 1, amount * 2 FROM E WHERE id < 9',
  'SELECT 1 AS c0, id FROM E LIMIT 3',
  'SELECT id FROM E ORDER BY id DESC LIMIT 5',
  // The Sort is needless, but its column is an output of the plan.
  'SELECT s, s FROM E WHERE id = 31 ORDER BY id LIMIT 3',
  'SELECT id FROM E ORDER BY id LIMIT 5',
  'SELECT id, s FROM E ORDER BY s NULLS FIRST, id',
  'SELECT DISTINCT b FROM E ORDER BY b',
  'SELECT e.id, p.tag FROM E e JOIN P p ON p.id = e.id ORDER BY e.id, p.tag, p.qty',
  'SELECT e.id, p.tag FROM E e LEFT JOIN P p USING (id) WHERE e.id > 25 ORDER BY 1, 2',
  'SELECT a.id FROM E a JOIN E b ON a.n = b.n AND a.id < b.id ORDER BY a.id, b.id',
  'SELECT id FROM E WHERE id IN (SELECT id FROM P WHERE qty > 10) ORDER BY id',
  'SELECT id FROM E e WHERE EXISTS (SELECT FROM P p WHERE p.id = e.id) ORDER BY id',
  'SELECT s, sum(amount) FROM E e WHERE n <> 7 AND id NOT IN (SELECT p.qty FROM P p WHERE p.id = e.id) GROUP BY s ORDER BY s',
  "SELECT min(day), max(day) FROM E e WHERE (at <= '2020-01-01' OR EXISTS (SELECT FROM P p WHERE p.qty = e.n)) AND s <> 'EXISTS(SubPlan 1)'",
  'SELECT count(*), max(s) FROM E WHERE id IS NOT NULL',
  'SELECT count(*) FROM E WHERE id IS NOT NULL',
  'SELECT (SELECT max(qty) FROM P p WHERE p.id = e.id) FROM E e ORDER BY 1',
  'SELECT (SELECT count(*) FROM P p WHERE p.qty = e.n AND p.id = e.i) FROM E e ORDER BY 1 LIMIT 9',
  'SELECT id, (SELECT max(qty) FROM P p WHERE p.id = e.id) FROM E e ORDER BY id LIMIT 12',
  'SELECT id FROM E WHERE id < 4 UNION ALL SELECT qty FROM P WHERE qty < 3',
  'WITH c AS (SELECT id, n FROM E WHERE n > 0) SELECT sum(n) FROM c',
  'WITH c AS MATERIALIZED (SELECT id FROM E LIMIT 5) SELECT * FROM c ORDER BY id LIMIT 2',
  'SELECT id, row_number() OVER (PARTITION BY b ORDER BY id) FROM E ORDER BY id',
  'SELECT b, i, grouping(b, i), count(*) FROM E GROUP BY ROLLUP (b, i) ORDER BY 1, 2, 3',
  'SELECT id, s, count(*) FROM E GROUP BY id, s ORDER BY id LIMIT 4',
  'SELECT id AS k, s FROM E GROUP BY k ORDER BY k LIMIT 4',
  'SELECT id, s FROM E GROUP BY 1 ORDER BY 1 LIMIT 4',
  'SELECT e FROM E e WHERE id = 3',
  'SELECT e.id, x.qty FROM E e, LATERAL (SELECT qty FROM P p WHERE p.id = e.id ORDER BY qty LIMIT 1) x ORDER BY 1',
  'SELECT min(id), max(id) FROM E WHERE s IS NOT NULL',
  'SELECT id FROM E WHERE false',
  'SELECT id FROM E WHERE n > 0 AND n < 0',
  'VALUES ((SELECT count(*) FROM E), (SELECT sum(qty) FROM P))',
  'TABLE P',
  'SELECT FROM E LIMIT 3',
  'SELECT id / (id - 60) FROM E ORDER BY id',
  'SELECT id FROM E LIMIT -1',
  "SELECT s::integer FROM E WHERE s = 'plain'",
] as const;

/** Statements of one scan with outputs and conditions that need no engine, though they are no plain columns and comparisons. */
const STREAMED = [
  'SELECT 1 AS c0, id FROM E',
  "SELECT 'x'::text, NULL::text, -5, 5000000000, 1.50, true, false, '2020-01-31'::date, id FROM E LIMIT 4",
  "SELECT 'ä'::varchar(1), 'abc'::varchar(2), NULL::integer, id FROM E",
  'SELECT id::text, i::integer, i::bigint, n::bigint, n::numeric, n::text, amount::text, num::text FROM E',
  'SELECT s::varchar, v::text, u::text, j::text, jb::text FROM E',
  "SELECT id, s FROM E WHERE s LIKE 'p%'",
  "SELECT id, s FROM E WHERE s NOT LIKE '%e%' AND id > 3",
  "SELECT id, v FROM E WHERE v LIKE '_l%n'",
  "SELECT id, s FROM E WHERE s LIKE '%_ï_©%'",
  "SELECT id, s FROM E WHERE s LIKE '_'",
  "SELECT id, s FROM E WHERE s LIKE ''",
  "SELECT id, s FROM E WHERE s LIKE '%\\\\%'",
  "SELECT id, s FROM E WHERE s LIKE '%%a%%i%_'",
  'SELECT id FROM E WHERE n NOT IN (0, 3, 2147483647)',
  "SELECT id FROM E WHERE s NOT IN ('plain', '', 'nul,l')",
  'SELECT id FROM E WHERE n > 0 OR s IS NULL',
  'SELECT id FROM E WHERE NOT (n > 0 AND b) AND (i IS NULL OR i <> 12)',
  'SELECT id FROM E WHERE (n > 0 OR b) AND NOT (b IS TRUE) LIMIT 6 OFFSET 2',
  'SELECT id FROM E WHERE (n > 0) IS NOT TRUE',
  'SELECT id FROM E WHERE (n > 0 OR b) IS UNKNOWN',
  'SELECT id FROM E WHERE b IS NOT TRUE',
  "SELECT id FROM E WHERE (day < '2000-01-01' AND amount >= 0) OR (u IS NULL AND s LIKE 'q%') OR id IN (4, 5)",
] as const;

/** Statements that the gateway aggregates itself; groups come in any order, so their rows are compared as sets. */
const AGGREGATED = [
  'SELECT count(*) FROM E',
  'SELECT count(*), count(s), count(n) FROM E WHERE id > 1000',
  'SELECT sum(i), sum(n), sum(id), sum(amount), sum(num) FROM E',
  'SELECT avg(i), avg(n), avg(id), avg(amount), avg(num), count(*) FROM E',
  'SELECT sum(n), avg(amount), min(s), max(d), sum(num) FROM E WHERE id > 1000',
  'SELECT min(i), max(n), min(amount), max(num), min(r), max(r), min(d), max(d) FROM E WHERE id > 0 LIMIT 1',
  "SELECT count(*), min(v), max(v), max(day), min(ts), max(at), min(t), max(t) FROM E WHERE s IS NOT NULL OR v LIKE '%a%'",
  'SELECT b, count(*), sum(amount), avg(n) FROM E GROUP BY b',
  'SELECT DISTINCT v FROM E',
  'SELECT i, b, max(amount) AS m, count(s) FROM E WHERE n <> 0 GROUP BY i, b',
  'SELECT max(num), v FROM E GROUP BY v, day',
  'SELECT "rows"."day" AS "day", avg("rows"."amount") AS "a0" FROM E "rows" GROUP BY "day" LIMIT 1000001',
  'SELECT "_"."v", "_"."a0" FROM (SELECT "rows"."v" AS "v", sum("rows"."amount") AS "a0" FROM E "rows" GROUP BY "v") "_" LIMIT 1000001',
  'SELECT u, count(*) FROM E GROUP BY u',
  'SELECT FROM E GROUP BY v',
  'SELECT count(*) FROM E OFFSET 1',
  'SELECT count(*) FROM E LIMIT 0',
] as const;

const inVirtual = (sql: string): string =>
  sql
    .replace(/\bE\b(?!')/g, 't.everything')
    .replace(/\bP\b/g, 't.pairs')
    .replaceAll('t.everything.', 'everything.');
const inOrdinary = (sql: string): string =>
  inVirtual(sql).replaceAll('t.everything', 'pg_temp.everything').replaceAll('t.pairs', 'pg_temp.pairs');

let api: TestApi;
let gateway: TestGateway;
let client: RawClient;

beforeAll(async () => {
  api = await startEverythingApi();
  gateway = await startTestGateway({ dsns: { 't.yaml': EVERYTHING_DSN }, env: { API_URL: api.url } });
  client = await RawClient.login(gateway.port);
  const made = await client.query(
    'CREATE TEMP TABLE everything (LIKE t.everything INCLUDING INDEXES); INSERT INTO everything SELECT * FROM t.everything; CREATE TEMP TABLE pairs AS SELECT * FROM t.pairs',
  );
  expect(errorOf(made)).toBeNull();
});

afterAll(async () => {
  client?.close();
  await gateway?.close();
  await api?.close();
});

/** Runs a statement through the extended protocol; result format 0 text, 1 binary. */
async function run(sql: string, format: number, execution: string): Promise<BackendFrame[]> {
  expect(typesOf(await client.query(`SET tidegate.execution = '${execution}'`))).toBe('CZ');
  const formats = Buffer.from([0, 0, 0, 0, 0, 1, 0, format]);
  client.send(
    frontend.parse('', sql),
    frontend.bindWithTail('', '', formats),
    frontend.describe('portal', ''),
    frontend.execute(''),
    frontend.sync,
  );
  return client.until('Z');
}

/** What a client can tell apart: everything but where in the catalogue a column comes from. */
function comparable(frames: readonly BackendFrame[]): string[] {
  return frames
    .filter((frame) => frame.type !== 'N')
    .map(({ type, bytes }) => {
      if (type === 'E') return JSON.stringify({ ...errorOf([{ type, bytes }]), position: undefined });
      if (type !== 'T') return `${type} ${bytes.toString('hex')}`;
      const copy = Buffer.from(bytes);
      let at = 7;
      for (let column = copy.readInt16BE(5); column > 0; column--) {
        at = copy.indexOf(0, at) + 1;
        copy.fill(0, at, at + 6);
        // A whole row is of its table's own type.
        if (copy.readUInt32BE(at + 6) >= 16384) copy.fill(0, at + 6, at + 10);
        at += 18;
      }
      return `T ${copy.toString('hex')}`;
    });
}

describe.each([
  ['text', 0],
  ['binary', 1],
])('the same bytes on both paths and from ordinary tables, in %s', (_, format) => {
  it.each([...STATEMENTS, ...STREAMED])('%s', async (sql) => {
    const auto = comparable(await run(inVirtual(sql), format, 'auto'));
    const engine = comparable(await run(inVirtual(sql), format, 'engine'));
    const ordinary = comparable(await run(inOrdinary(sql), format, 'auto'));
    expect(auto).toEqual(ordinary);
    expect(engine).toEqual(ordinary);
  });
});

/** Messages with the rows in an order of their own. */
const asSet = (frames: readonly string[]): string[] => [...frames].sort();

describe.each([
  ['text', 0],
  ['binary', 1],
])('the same groups on both paths and from ordinary tables, in %s', (_, format) => {
  it.each(AGGREGATED)('%s', async (sql) => {
    const auto = comparable(await run(inVirtual(sql), format, 'auto'));
    const engine = comparable(await run(inVirtual(sql), format, 'engine'));
    const ordinary = comparable(await run(inOrdinary(sql), format, 'auto'));
    expect(asSet(auto)).toEqual(asSet(ordinary));
    expect(asSet(engine)).toEqual(asSet(ordinary));
  });
});

describe('simple queries', () => {
  it.each(STATEMENTS)('%s', async (sql) => {
    await client.query("SET tidegate.execution = 'auto'");
    const virtual = comparable(await client.query(inVirtual(sql)));
    expect(virtual).toEqual(comparable(await client.query(inOrdinary(sql))));
  });
});

it.each(AGGREGATED)('aggregates: %s', async (sql) => {
  await client.query("SET tidegate.execution = 'auto'");
  const explained = await client.query(`EXPLAIN ${inVirtual(sql)}`);
  expect(explained[1]!.bytes.toString('utf8')).toContain('rows are aggregated as they come from the API');
});

it.each(STREAMED)('streams: %s', async (sql) => {
  await client.query("SET tidegate.execution = 'auto'");
  const explained = await client.query(`EXPLAIN ${inVirtual(sql)}`);
  expect(explained[1]!.bytes.toString('utf8')).toContain('rows stream from the API to the client');
});

it('arrays in binary stream', async () => {
  await run(inVirtual('SELECT id, tags, sums, grid, times, flags, notes, ids FROM E'), 1, 'auto');
  const sql = "SELECT way FROM tidegate.scans WHERE table_name = 'everything' ORDER BY started_at DESC LIMIT 1";
  const frames = await client.query(sql);
  expect(frames.find(({ type }) => type === 'D')!.bytes.toString('utf8', 11)).toBe('stream');
});
