import { spawnSync } from 'node:child_process';
import type { EventEmitter } from 'node:events';
import type pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Catalogue } from '../../src/engine/engine.js';
import type { RunningEngine } from '../../src/engine/start-engine.js';
import { column, dsn, failure, filter, gateway, login, rows, shop, startTestEngine, table, user } from './harness.js';

let engine: RunningEngine;
let stop: () => Promise<void>;
let catalogue: Catalogue;
let client: pg.Client;

beforeAll(async () => {
  ({ engine, stop } = await startTestEngine());
  catalogue = await engine.applyCatalogue(gateway([shop()], [user('ann', 'x', 'all')]));
  client = await login(engine, 'ann', 'x');
});
afterAll(async () => {
  await client?.end();
  await stop?.();
});

/** Runs Parse, Bind and Describe, and Execute only if asked to; the messages that came back. */
async function extended(sql: string, parameters: string[], execute: boolean): Promise<string[]> {
  const seen: string[] = [];
  const { connection } = client as unknown as {
    connection: EventEmitter & Record<'parse' | 'bind' | 'describe' | 'execute' | 'sync', (value?: unknown) => void>;
  };
  const listen = (name: string) => {
    const listener = () => seen.push(name);
    connection.on(name, listener);
    return () => connection.off(name, listener);
  };
  const query = {
    submit() {
      connection.parse({ text: sql, name: '', types: [] });
      connection.bind({ values: parameters, valueMapper: (value: unknown) => value });
      connection.describe({ type: 'P', name: '' });
      if (execute) connection.execute({ portal: '', rows: 0 });
      connection.sync();
    },
    handleError() {},
    handleRowDescription() {},
    handleDataRow() {},
    handleCommandComplete() {},
    handleEmptyQuery() {},
    handlePortalSuspended() {},
    handleReadyForQuery() {},
  };
  const stops = ['parseComplete', 'rowDescription', 'commandComplete', 'errorMessage'].map(listen);
  const done = new Promise<void>((resolve) => connection.once('readyForQuery', () => resolve()));
  client.query(query as unknown as pg.Submittable);
  await done;
  for (const end of stops) end();
  return seen;
}

it.each([
  ['SELECT * FROM shop.orders WHERE id = $1', ['5']],
  ['SELECT count(*) FROM shop.open_orders o JOIN shop.customers c ON c.id = o.customer_id WHERE o.id = $1', ['5']],
  ['SELECT id, status FROM ONLY shop.orders WHERE ctid IS NOT NULL AND id = $1 GROUP BY id', ['5']],
])('lets Parse, Bind, Describe and EXPLAIN of %s through, and refuses its Execute', async (sql, parameters) => {
  expect(await extended(sql, parameters, false)).toEqual(['parseComplete', 'rowDescription']);
  expect((await client.query(`EXPLAIN ${sql.replace('$1', '5')}`)).rows.length).toBeGreaterThan(0);
  expect(await extended(sql, parameters, true)).toEqual(['parseComplete', 'rowDescription', 'errorMessage']);
});

it.each([
  'SELECT * FROM shop.orders',
  'SELECT * FROM shop.orders WHERE id = 7',
  'SELECT * FROM shop.open_orders WHERE total > 3',
  'SELECT count(*) FROM shop.orders TABLESAMPLE SYSTEM (1)',
  'SELECT EXISTS (SELECT FROM shop.orders WHERE id = 7)',
  'SELECT * FROM generate_series(1, 3) g LEFT JOIN shop.orders o ON o.id = g',
  'SELECT (SELECT max(id) FROM shop.orders)',
  "SELECT * FROM shop.orders WHERE ctid = '(0,1)'",
  'SELECT * FROM shop.orders ORDER BY id LIMIT 1',
  'COPY shop.orders TO STDOUT',
  'CREATE TEMP TABLE copied AS TABLE shop.orders',
  'EXPLAIN ANALYZE SELECT * FROM shop.orders',
  'DO $$ DECLARE n int; BEGIN SELECT count(*) INTO n FROM shop.orders WHERE id = 7; END $$',
  "DO $$ BEGIN EXECUTE 'SELECT * FROM shop.orders'; END $$",
  'CREATE FUNCTION pg_temp.f() RETURNS bigint LANGUAGE sql AS $$ SELECT count(*) FROM shop.orders $$; SELECT pg_temp.f()',
  'CREATE TEMP VIEW v AS SELECT * FROM shop.orders; SELECT * FROM v WHERE id = 1',
  'DECLARE c CURSOR FOR SELECT * FROM shop.orders; FETCH c',
  'SELECT * FROM ONLY shop.orders',
  'SELECT * FROM ONLY shop.orders WHERE id = 7',
  "DO $$ BEGIN PERFORM 1 FROM ONLY shop.orders WHERE status = 'x' AND id = 3; END $$",
  'COPY (SELECT id FROM shop.orders WHERE id = 3) TO STDOUT',
  'SET LOCAL enable_seqscan = off; SET LOCAL random_page_cost = 0; SELECT * FROM shop.orders WHERE id = 7',
  'SET LOCAL plan_cache_mode = force_generic_plan; PREPARE p(int) AS SELECT * FROM shop.orders WHERE id = $1; EXECUTE p(1)',
  'ANALYZE shop.orders; SELECT * FROM shop.orders WHERE id = 7',
])('never reads a virtual table as empty: %s', async (sql) => {
  await client.query('BEGIN');
  const error = await failure(client.query(sql));
  await client.query('ROLLBACK');
  expect(error).toMatchObject({ code: '0A000', message: 'virtual table "shop.orders" cannot be read here' });
  expect(error.hint).toMatch(/\.$/);
});

it('cannot be got around by row_security or ownership tricks', async () => {
  expect((await failure(client.query('SET row_security = off; SELECT * FROM shop.orders'))).code).toBe('42501');
  await client.query('RESET row_security');
  expect((await failure(client.query('SET ROLE tidegate_gateway'))).code).toBe('42501');
});

it('still guards after the engine vacuumed', async () => {
  await engine.query('VACUUM shop.orders');
  expect((await failure(client.query('SELECT * FROM shop.orders WHERE id = 1'))).code).toBe('0A000');
});

it('raises exactly the error it is given', async () => {
  const raise = (...values: (string | null)[]) =>
    failure(client.query('SELECT tidegate.raise($1, $2, $3, $4)', values));
  expect(await raise('HV00L', 'a "filter" is missing: 100%', 'why', 'do this')).toMatchObject({
    code: 'HV00L',
    message: 'a "filter" is missing: 100%',
    detail: 'why',
    hint: 'do this',
  });
  for (const [detail, hint] of [
    ['', null],
    [null, 'h'],
    ['d', ''],
  ] as const) {
    const error = await raise('22P02', 'm', detail, hint);
    expect([error.code, error.detail, error.hint]).toEqual(['22P02', detail || undefined, hint || undefined]);
  }
});

it('hides its own tables from clients’ table lists', async () => {
  const held = await engine.load(
    catalogue.entries.get('shop.orders')!,
    ['id'],
    rows([['1']]),
    { withPrimaryKey: false },
    new AbortController().signal,
  );
  const lists = [
    "SELECT table_schema || '.' || table_name n FROM information_schema.tables WHERE TABLE_SCHEMA not in ('information_schema','pg_catalog')",
    "select nspname || '.' || relname n from pg_catalog.pg_class c, pg_catalog.pg_namespace n where relkind in ('r','v','m','f','p') and nspname not in ('pg_catalog','information_schema','pg_toast','pg_temp_1') and n.oid = relnamespace",
  ];
  for (const sql of lists) {
    const names = (await client.query(sql)).rows.map((row) => row.n).sort();
    expect(names).toEqual(['shop.customers', 'shop.open_orders', 'shop.orders']);
  }
  const { host, port } = engine.connectionInfo;
  const psql = spawnSync(
    'psql',
    ['-h', host, '-p', String(port), '-U', 'ann', 'tidegate', '-Ac', '\\d', '-c', '\\d shop.orders'],
    {
      encoding: 'utf8',
      env: { ...process.env, PGPASSWORD: 'x' },
      timeout: 10_000,
    },
  );
  if (psql.error === undefined) {
    expect(psql.stdout).not.toMatch(/tidegate_(scan|plan|state|heir)|child tables/);
    expect(psql.stdout).toContain('rows come through Tidegate');
  }
  await held.drop();
});

it('gives plan tables an index per equality filter, one over required ones, and no statistics', async () => {
  const filters = [
    filter('a', { required: true }),
    filter('b', { required: true, operators: ['in'] }),
    filter('c', { operators: ['>'] }),
    filter('d'),
  ];
  const columns = [
    column('a', 'integer'),
    column('b', 'text'),
    column('c', 'date'),
    column('d', 'json'),
    column('e', 'integer'),
  ];
  const applied = await engine.applyCatalogue(
    gateway(
      [dsn('p', [table('p', 't', columns, { filters, primaryKey: ['e'] })])],
      [user('ann', 'x', ['p']), user('bob', 'x', [])],
    ),
  );
  const entry = applied.entries.get('p.t')!;
  const [plan] = entry.planTables;
  const indexes = await engine.query(
    'SELECT array_agg(pg_get_indexdef(indexrelid, 0, true) ORDER BY indexrelid)::text FROM pg_index WHERE indrelid = $1::regclass',
    [plan!],
  );
  expect(indexes[0]![0]!.match(/\([^)]*\)/g)).toEqual(['(e)', '(a)', '(b)', '(a, b)']);
  expect(
    await engine.query('SELECT reltuples::text, relpages::text FROM pg_class WHERE oid = $1::regclass', [plan!]),
  ).toEqual([['-1', '0']]);
  const reader = await login(engine, 'ann', 'x');
  await reader.query('SET enable_seqscan = off');
  const explained = (await reader.query(`EXPLAIN SELECT * FROM ${plan} WHERE a = 1 AND b = 'x'`)).rows
    .map((row) => row['QUERY PLAN'])
    .join('\n');
  expect(explained).toContain('Index Cond');
  await reader.end();
  const bob = await login(engine, 'bob', 'x');
  expect((await failure(bob.query(`EXPLAIN SELECT * FROM ${plan}`))).code).toBe('42501');
  await bob.end();

  const [four, two, five] = await Promise.all([4, 2, 5].map((count) => engine.ensurePlanTables(entry, count)));
  expect([four!.length, two!.length >= 2, five!.length]).toEqual([4, true, 5]);
  expect(new Set(five).size).toBe(5);
  expect(five!.slice(0, 4)).toEqual(four);
  const again = await engine.applyCatalogue(
    gateway([dsn('p', [table('p', 't', columns, { filters, primaryKey: ['e'] })])], [user('ann', 'x', ['p'])]),
  );
  expect(again.entries.get('p.t')!.planTables).toEqual(five);
});
