import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Stock, scanTableCount, startStock, until } from './stock.js';

let stock: Stock;
let client: pg.Client;

beforeAll(async () => {
  stock = await startStock('{ ttl: 1m }');
  client = await stock.gateway.connect();
});
afterAll(async () => {
  await client?.end();
  await stock?.close();
});

let table = 'stock.items';
let count = 0;
/** Each test has a table of its own, of which nothing is kept. */
beforeEach(async () => {
  await client.query('RESET tidegate.cache');
  table = `stock.items${++count}`;
  stock.forget();
});

const entries = () => stock.gateway.serving.gateway.cache.entries().filter((entry) => `stock.${entry.table}` === table);
const rowsOf = async (sql: string, by = client): Promise<unknown[]> =>
  (await by.query({ text: sql, rowMode: 'array' })).rows;

describe('a scan that was read whole', () => {
  it('answers equal and narrower scans of all sessions without a request', async () => {
    const all = await rowsOf(`SELECT * FROM ${table}`);
    expect(all).toHaveLength(35);
    expect(stock.requests()).toBe(4);
    const other = await stock.gateway.connect();
    expect(await rowsOf(`SELECT * FROM ${table}`, other)).toEqual(all);
    expect(await rowsOf(`SELECT id FROM ${table}`, other)).toEqual(all.map((row) => [(row as unknown[])[0]]));
    expect(await rowsOf(`SELECT count(*) FROM ${table} WHERE kind = 'a'`, other)).toEqual([['8']]);
    expect(await rowsOf(`SELECT id FROM ${table} WHERE id >= 34 ORDER BY id`, other)).toEqual([['34'], ['35']]);
    expect(await rowsOf(`SELECT id FROM ${table} LIMIT 2`, other)).toEqual([['1'], ['2']]);
    expect(await rowsOf(`SELECT count(*) FROM ${table} a JOIN ${table} b USING (id)`, other)).toEqual([['35']]);
    expect(stock.requests()).toBe(4);
    await other.end();
  });

  it('does not answer for columns that it has not', async () => {
    await rowsOf(`SELECT id, name FROM ${table}`);
    await rowsOf(`SELECT name FROM ${table}`);
    expect(stock.requests()).toBe(4);
    await rowsOf(`SELECT id, price FROM ${table}`);
    expect(stock.requests()).toBe(8);
  });

  it('is left behind by a statement that goes through the engine as well', async () => {
    expect(await rowsOf(`SELECT count(*), max(id) FROM ${table}`)).toEqual([['35', '35']]);
    expect(await rowsOf(`SELECT max(id) FROM ${table}`)).toEqual([['35']]);
    expect(await rowsOf(`SELECT id FROM ${table} WHERE id <= 2`)).toEqual([['1'], ['2']]);
    expect(stock.requests()).toBe(4);
  });

  it('gives the rows in the order of the API', async () => {
    const first = await rowsOf(`SELECT name, id FROM ${table}`);
    expect(await rowsOf(`SELECT name, id FROM ${table}`)).toEqual(first);
    expect(await rowsOf(`SELECT id FROM ${table}`)).toEqual(Array.from({ length: 35 }, (_, k) => [String(k + 1)]));
  });
});

describe('filters', () => {
  it('a narrower list is answered from a wider one, and not the other way round', async () => {
    await rowsOf(`SELECT * FROM ${table} WHERE kind IN ('a', 'b')`);
    const before = stock.requests();
    expect(await rowsOf(`SELECT count(*) FROM ${table} WHERE kind = 'b'`)).toEqual([['9']]);
    expect(await rowsOf(`SELECT count(*) FROM ${table} WHERE kind IN ('b', 'a')`)).toEqual([['17']]);
    expect(stock.requests()).toBe(before);
    expect(await rowsOf(`SELECT count(*) FROM ${table} WHERE kind IN ('a', 'c')`)).toEqual([['17']]);
    expect(stock.requests()).toBeGreaterThan(before);
  });

  it('a range within a range', async () => {
    await rowsOf(`SELECT * FROM ${table} WHERE id >= 10 AND id <= 30`);
    const before = stock.requests();
    expect(await rowsOf(`SELECT count(*) FROM ${table} WHERE id > 10 AND id < 20`)).toEqual([['9']]);
    expect(await rowsOf(`SELECT count(*) FROM ${table} WHERE id IN (10, 11)`)).toEqual([['2']]);
    expect(stock.requests()).toBe(before);
    expect(await rowsOf(`SELECT count(*) FROM ${table} WHERE id >= 9 AND id <= 30`)).toEqual([['22']]);
    expect(stock.requests()).toBeGreaterThan(before);
  });
});

describe('LIMIT', () => {
  it('serves equal and smaller limits, and nothing else', async () => {
    await rowsOf(`SELECT * FROM ${table} LIMIT 7`);
    const before = stock.requests();
    expect(before).toBe(1);
    expect(await rowsOf(`SELECT id FROM ${table} LIMIT 7`)).toHaveLength(7);
    expect(await rowsOf(`SELECT id FROM ${table} LIMIT 3`)).toEqual([['1'], ['2'], ['3']]);
    expect(await rowsOf(`SELECT id FROM ${table} LIMIT 2 OFFSET 3`)).toEqual([['4'], ['5']]);
    expect(stock.requests()).toBe(before);
    expect(await rowsOf(`SELECT id FROM ${table} LIMIT 8`)).toHaveLength(8);
    expect(stock.requests()).toBe(before + 1);
    expect(await rowsOf(`SELECT id FROM ${table}`)).toHaveLength(35);
    expect(stock.requests()).toBe(before + 5);
  });

  it('that the rows do not reach is no limit', async () => {
    await rowsOf(`SELECT id FROM ${table} LIMIT 100`);
    expect(await rowsOf(`SELECT count(*) FROM ${table}`)).toEqual([['35']]);
    expect(stock.requests()).toBe(4);
  });

  it('that ends a scan with a condition keeps nothing', async () => {
    await rowsOf(`SELECT id FROM ${table} WHERE name > 'item' LIMIT 2`);
    expect(entries()).toEqual([]);
    expect(stock.requests()).toBeLessThan(4);
  });
});

describe('SET tidegate.cache', () => {
  it('off neither reads nor keeps; refresh reads anew and keeps', async () => {
    await client.query('SET tidegate.cache = off');
    await rowsOf(`SELECT id FROM ${table}`);
    await rowsOf(`SELECT count(*) FROM ${table}`);
    expect(stock.requests()).toBe(8);
    expect(entries()).toEqual([]);
    await client.query('SET tidegate.cache = on');
    await rowsOf(`SELECT id, price FROM ${table}`);
    stock.control.version = 1;
    expect(await rowsOf(`SELECT price FROM ${table} WHERE id = 1`)).toEqual([['1.50']]);
    await client.query('SET tidegate.cache = refresh');
    expect(await rowsOf(`SELECT id, price FROM ${table} LIMIT 1`)).toEqual([['1', '1001.50']]);
    expect(await rowsOf(`SELECT id, price FROM ${table}`)).toHaveLength(35);
    await client.query('SET tidegate.cache = on');
    stock.forget();
    expect(await rowsOf(`SELECT price FROM ${table} WHERE id = 1`)).toEqual([['1001.50']]);
    expect(stock.requests()).toBe(0);
    stock.control.version = 0;
  });

  it.each([
    ['cache', 'on, off or refresh'],
    ['execution', 'auto or engine'],
  ])('says what is wrong with another value of tidegate.%s', async (name, choice) => {
    await client.query(`SET tidegate.${name} = 'sometimes'`);
    await expect(client.query(`SELECT id FROM ${table}`)).rejects.toMatchObject({
      code: '22023',
      message: `invalid value for parameter "tidegate.${name}": "sometimes"`,
      hint: `SET tidegate.${name} = ${choice}.`,
    });
    await expect(client.query(`SELECT count(*) FROM ${table}`)).rejects.toMatchObject({ code: '22023' });
    await client.query(`RESET tidegate.${name}`);
    expect(await rowsOf(`SELECT id FROM ${table} WHERE id = 1`)).toEqual([['1']]);
  });
});

it('EXPLAIN tells where the rows would come from', async () => {
  const explain = async (sql: string): Promise<string> =>
    (await rowsOf(`EXPLAIN ${sql}`))
      .map((row) => (row as string[])[0]!.trim())
      .find((line) => line.startsWith('Cache:'))!;
  expect(await explain(`SELECT * FROM ${table}`)).toMatch(/^Cache: no rows kept that would do; .* kept for 60 s$/);
  expect(await explain('SELECT * FROM stock.fresh')).toBeUndefined();
  expect(await explain(`SELECT * FROM ${table} WHERE name > 'x' LIMIT 1`)).toMatch(/nothing is kept, for LIMIT/);
  await rowsOf(`SELECT * FROM ${table}`);
  await until(() => entries()[0]?.state === 'fresh', 'the rows are stored');
  expect(await explain(`SELECT id FROM ${table}`)).toMatch(
    /^Cache: 35 rows kept \d+ (ms|s) ago, for another \d+ s; no request$/,
  );
  await client.query('SET tidegate.cache = refresh');
  expect(await explain(`SELECT id FROM ${table}`)).toMatch(/fetched anew/);
  await client.query('SET tidegate.cache = off');
  expect(await explain(`SELECT id FROM ${table}`)).toMatch(/^Cache: off/);
});

it('a statement that groups by the key gets it, from rows that were kept without', async () => {
  await rowsOf(`SELECT * FROM ${table}`);
  const sql = `SELECT id, name, count(*) FROM ${table} GROUP BY id ORDER BY id`;
  const rows = await rowsOf(sql);
  expect(rows).toHaveLength(35);
  expect(await rowsOf(sql)).toEqual(rows);
  expect(await rowsOf(`SELECT id FROM ${table} LIMIT 1`)).toEqual([['1']]);
  expect(stock.requests()).toBe(4);
  // The table with the key has taken the place of the one without.
  expect(entries()).toHaveLength(1);
});

it('tells of its entries what statistics need', async () => {
  await rowsOf(`SELECT id, kind FROM ${table} WHERE kind = 'a'`);
  await until(() => entries()[0]?.state === 'fresh', 'the entry is there');
  await rowsOf(`SELECT id FROM ${table} WHERE kind = 'a'`);
  const [entry] = entries();
  expect(entry).toMatchObject({
    dsn: 'stock',
    table: table.slice('stock.'.length),
    columns: ['id', 'kind'],
    filters: [{ column: 'kind', operator: '=', values: ['a'] }],
    limit: null,
    rows: 8,
    hits: 1,
    readers: 0,
  });
  expect(entry!.bytes).toBeGreaterThan(0);
  expect(entry!.expiresAt! - entry!.createdAt).toBe(60_000);
});

it('drops all tables when the gateway ends', async () => {
  const other = await startStock('{ ttl: 1m }');
  const reader = await other.gateway.connect();
  await reader.query('SELECT * FROM stock.items');
  await until(async () => (await scanTableCount(other)) === 1, 'one table is kept');
  const { cache } = other.gateway.serving.gateway;
  await reader.end();
  await cache.close();
  expect(await scanTableCount(other)).toBe(0);
  await other.close();
});
