import type pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Stock, startStock, until } from './stock.js';

/** TIDEGATE_CACHE_QUERIES sets how many queries are compared. */
const QUERIES = Number(process.env.TIDEGATE_CACHE_QUERIES ?? 60);
const SEED = Number(process.env.TIDEGATE_CACHE_SEED ?? 7);

let stock: Stock;
let client: pg.Client;

beforeAll(async () => {
  stock = await startStock('{ ttl: 10m }');
  client = await stock.gateway.connect();
});
afterAll(async () => {
  await client?.end();
  await stock?.close();
});

/** mulberry32: the same numbers for the same seed everywhere. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const random = randomNumbers(SEED);
const below = (n: number): number => Math.floor(random() * n);
const pick = <T>(list: readonly T[]): T => list[below(list.length)]!;

const COLUMNS = ['id', 'name', 'price', 'kind', 'made'];
const KINDS = ["'a'", "'b'", "'c'", "'d'''"];

function condition(): string {
  switch (below(9)) {
    case 0:
      return `kind = ${pick(KINDS)}`;
    case 1:
      return `kind IN (${pick(KINDS)}, ${pick(KINDS)})`;
    case 2:
      return `id >= ${below(40)}`;
    case 3:
      return `id <= ${below(40)}`;
    case 4:
      return `id > ${below(20)} AND id < ${20 + below(20)}`;
    case 5:
      return `id IN (${below(40)}, ${below(40)}, ${below(40)})`;
    case 6:
      return `id = ${below(40)}`;
    case 7:
      return `price < ${below(40)}.5`;
    default:
      return pick(['name IS NULL', "name LIKE 'item 1%'", "made >= '2026-01-10'", 'NOT (id > 10)']);
  }
}

/** A statement with `%t` for the table, and whether its rows have one order only. */
function query(): { readonly sql: string; readonly isOrdered: boolean } {
  const where = Array.from({ length: below(3) }, condition).join(' AND ');
  const from = `FROM %t${where === '' ? '' : ` WHERE ${where}`}`;
  const columns = Array.from({ length: 1 + below(3) }, () => pick(COLUMNS)).join(', ');
  switch (below(8)) {
    case 0:
      return { sql: `SELECT count(*), sum(price), min(name) ${from}`, isOrdered: true };
    case 1:
      return { sql: `SELECT kind, count(*) ${from} GROUP BY kind`, isOrdered: false };
    case 2:
      return { sql: `SELECT ${columns} ${from} ORDER BY id LIMIT ${1 + below(10)}`, isOrdered: true };
    case 3:
      return { sql: `SELECT id, ${columns} FROM %t LIMIT ${1 + below(12)}`, isOrdered: true };
    case 4:
      return { sql: `SELECT a.id, b.kind FROM %t a JOIN %t b ON b.id = a.id + ${below(3)}`, isOrdered: false };
    case 5:
      return { sql: `SELECT * ${from}`, isOrdered: false };
    default:
      return { sql: `SELECT ${columns} ${from}`, isOrdered: false };
  }
}

/** Rows as texts: in order, or sorted where the statement leaves the order open. */
async function rowsOf(sql: string, isOrdered: boolean): Promise<string[]> {
  const { rows } = await client.query<unknown[]>({ text: sql, rowMode: 'array' }).catch((error) => {
    throw new Error(`${sql}: ${error.message}`);
  });
  const texts = rows.map((row) => JSON.stringify(row));
  return isOrdered ? texts : texts.sort();
}

/** The table that a query is asked of changes now and then, so that entries of many kinds come to be. */
it(`${QUERIES} queries over kept rows give what the API gives (seed ${SEED})`, async () => {
  let hits = 0;
  const { cache } = stock.gateway.serving.gateway;
  for (let index = 0; index < QUERIES; index++) {
    const table = `stock.items${1 + (Math.floor(index / 20) % 20)}`;
    const { sql, isOrdered } = query();
    stock.forget();
    const kept = await rowsOf(sql.replaceAll('%t', table), isOrdered);
    if (stock.requests() === 0) hits++;
    const asked = await rowsOf(sql.replaceAll('%t', 'stock.fresh'), isOrdered);
    expect(kept, `query ${index}: ${sql}`).toEqual(asked);
  }
  await until(() => cache.entries().every((entry) => entry.state === 'fresh'), 'all rows are stored');
  expect(cache.entries().length).toBeGreaterThan(1);
  // A cache that never answers would pass the comparison.
  expect(hits).toBeGreaterThan(QUERIES / 4);
  expect(hits).toBeLessThan(QUERIES);
}, 600_000);
