import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApi, type TestApi } from '../support/api-server.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const DSN = `
dsn: shop
base_url: "\${env:SHOP_URL}"
tables:
  orders:
    path: /orders
    primary_key: [id]
    columns: { id: integer, customer: integer, amount: "numeric(10,2)", note: text, tags: "text[]", at: timestamptz }
  customers:
    path: /customers
    primary_key: [id]
    columns: { id: integer, name: "varchar(20)", country: text }
  one:
    path: /one
    columns: { x: integer, label: text }
  many:
    path: /many
    columns: { id: integer, filler: text }
views:
  named: { sql: "SELECT o.id, c.name FROM shop.orders o JOIN shop.customers c ON c.id = o.customer" }
`;
const NOTES = ["it's", 'NULL', '\\N', '"q" \\ {a,b}', 'Grüße €', '', null, '$rows$'];
const ORDERS = Array.from({ length: 40 }, (_, k) => ({
  id: k,
  customer: k % 7,
  amount: k * 1.25,
  note: NOTES[k % NOTES.length],
  tags: k % 3 === 0 ? null : ['a b', null, 'NULL', String(k)],
  at: `2026-01-${String((k % 28) + 1).padStart(2, '0')}T10:00:00Z`,
}));
const CUSTOMERS = Array.from({ length: 5 }, (_, k) => ({ id: k, name: `Müller ${k}`, country: k % 2 ? 'DE' : null }));
const MANY = Array.from({ length: 299 }, (_, id) => ({ id, filler: 'x'.repeat(400) }));

let api: TestApi;
let gateway: TestGateway;
let client: pg.Client;

beforeAll(async () => {
  api = await startApi({
    '/orders': { body: ORDERS },
    '/customers': { body: CUSTOMERS },
    '/one': { body: [{ x: 0, label: 'zero' }] },
    '/many': { body: MANY },
  });
  gateway = await startTestGateway({ dsns: { 'shop.yaml': DSN }, env: { SHOP_URL: api.url } });
  client = await gateway.connect();
});
afterAll(async () => {
  await client?.end();
  await gateway?.close();
  await api?.close();
});

const SCAN_TABLES = "SELECT count(*)::int AS n FROM pg_class WHERE relkind = 'r' AND relname ~ '^tidegate_scan_'";

async function areDropped(): Promise<void> {
  await expect.poll(async () => (await client.query(SCAN_TABLES)).rows[0].n, { timeout: 5000 }).toBe(0);
}

/** How many tables a statement is read from: they stay until its transaction ends. */
async function tablesOf(sql: string): Promise<number> {
  await areDropped();
  await client.query('BEGIN');
  try {
    await client.query(sql);
    return (await client.query(SCAN_TABLES)).rows[0].n;
  } finally {
    await client.query('ROLLBACK');
  }
}

async function rowsOf(sql: string, execution = 'auto', from = client): Promise<unknown[][]> {
  await from.query(`SET tidegate.execution = '${execution}'`);
  try {
    const { rows } = await from.query({ text: sql, rowMode: 'array', types: { getTypeParser: () => String } as never });
    return rows;
  } finally {
    await from.query('RESET tidegate.execution');
  }
}

const JOIN = 'SELECT * FROM shop.orders o LEFT JOIN shop.customers c ON c.id = o.customer ORDER BY o.id';

/** Statements that name tables in every way that a subquery has to stand for; `tables`: what only a table can do. */
const STATEMENTS: readonly (readonly [sql: string, tables: number])[] = [
  [JOIN, 0],
  [
    'SELECT o.id, count(c.id), sum(o.amount) FROM shop.orders o JOIN shop.customers c ON c.id = o.customer GROUP BY o.id ORDER BY 1',
    0,
  ],
  ['SELECT o, c FROM shop.orders o LEFT JOIN shop.customers c ON c.id = o.customer ORDER BY o.id', 0],
  [
    'SELECT row_to_json(o), to_jsonb(c), c IS NULL, (c).name FROM shop.orders o LEFT JOIN shop.customers c ON c.id = o.customer ORDER BY o.id',
    0,
  ],
  [
    'SELECT count(c), count(DISTINCT c), count(o) FROM shop.orders o LEFT JOIN shop.customers c ON c.id = o.customer',
    0,
  ],
  ['SELECT a, b FROM shop.orders AS o(a, b), shop.customers WHERE b = customers.id ORDER BY 1', 0],
  ['SELECT shop.customers.name, orders.* FROM shop.orders NATURAL JOIN shop.customers ORDER BY orders.id', 0],
  ['SELECT * FROM shop.orders JOIN shop.customers USING (id) ORDER BY id', 0],
  ['SELECT * FROM shop.named ORDER BY id', 0],
  [
    'SELECT a.id FROM shop.orders a WHERE amount > (SELECT avg(amount) FROM shop.orders b WHERE b.customer = a.customer) ORDER BY 1',
    0,
  ],
  [
    'SELECT c.id, x.id FROM shop.customers c, LATERAL (SELECT id FROM shop.orders WHERE customer = c.id ORDER BY id DESC LIMIT 2) x ORDER BY 1, 2',
    0,
  ],
  [
    'SELECT unnest(tags) t, count(*) FROM shop.orders o, shop.customers c WHERE c.id = o.customer GROUP BY 1 ORDER BY 1',
    0,
  ],
  ['SELECT x.label, o.id / nullif(x.x, 0) FROM shop.one x, shop.orders o WHERE x.x <> 0 OR o.id < 3 ORDER BY o.id', 0],
  ['SELECT 1 / x, o.id FROM shop.one, shop.orders o WHERE x <> 0', 0],
  [
    "SELECT count(*) FROM (SELECT * FROM shop.orders UNION ALL SELECT * FROM shop.orders) u, shop.customers c WHERE c.country = 'DE'",
    0,
  ],
  [
    'WITH o AS MATERIALIZED (SELECT * FROM shop.orders) SELECT count(*) FROM o a JOIN o b USING (customer) JOIN shop.customers c ON c.id = a.customer',
    0,
  ],
  // The planner drops the first condition, so that no key is read, and 0 stands for each.
  ['SELECT count(*) FROM shop.orders o, shop.customers c WHERE (1 / o.id > 0 AND false) OR o.customer > 3', 0],
  // rows that would stand in the statement very often
  [`SELECT count(*), sum(id) FROM (${Array(5).fill('SELECT * FROM shop.orders').join(' UNION ALL ')}) u`, 1],
  ['SELECT o.ctid, c.name FROM shop.orders o JOIN shop.customers c ON c.id = o.customer ORDER BY o.id', 2],
  [
    'SELECT o.tableoid = c.tableoid, o.id FROM shop.orders o JOIN shop.customers c ON c.id = o.customer ORDER BY o.id',
    2,
  ],
  ['SELECT o.id FROM ONLY shop.orders o JOIN ONLY (shop.customers) c ON c.id = o.customer ORDER BY 1', 2],
  ['SELECT o.id FROM shop.orders * o JOIN shop.customers c ON c.id = o.customer ORDER BY 1', 2],
  ['SELECT o.id FROM shop.orders o TABLESAMPLE SYSTEM (100) JOIN shop.customers c ON c.id = o.customer ORDER BY 1', 2],
  [
    'SELECT c.id, c.name, c.country, count(*) FROM shop.customers c JOIN shop.orders o ON o.customer = c.id GROUP BY c.id ORDER BY 1',
    1,
  ],
  ['SELECT o.id, m.id FROM shop.orders o JOIN shop.many m ON m.id = o.id AND m.filler IS NOT NULL ORDER BY 1', 1],
];

describe('a few rows stand in the statement, where a subquery means the same as a table', () => {
  it.each(STATEMENTS)('%s', async (sql, tables) => {
    expect(await tablesOf(sql)).toBe(tables);
    expect(await rowsOf(sql)).toEqual(await rowsOf(sql, 'engine'));
  });

  it('not with tidegate.execution = engine, nor with another meaning of NULL in arrays', async () => {
    const inline = await rowsOf(JOIN);
    for (const [name, value] of [
      ['tidegate.execution', 'engine'],
      ['array_nulls', 'off'],
    ]) {
      await client.query(`SET ${name} = ${value}`);
      expect(await tablesOf(JOIN)).toBe(2);
      expect(await rowsOf(JOIN, name === 'array_nulls' ? 'auto' : 'engine')).toEqual(inline);
      await client.query(`RESET ${name}`);
    }
  });

  it('and are nothing that EXPLAIN ANALYZE shows', async () => {
    const plan = (await rowsOf(`EXPLAIN (ANALYZE, VERBOSE) ${JOIN}`)).join('\n');
    expect(plan).toContain('Seq Scan on shop.orders o');
    expect(plan).not.toContain('Müller');
  });
});

describe('a few rows in a statement', () => {
  it('come with parameters, as text and in binary, again and again', async () => {
    const text = `SELECT o.id, $2::text AS t FROM shop.orders o JOIN shop.customers c ON c.id = o.customer WHERE o.amount > $1 AND c.country = $3 ORDER BY 1`;
    for (let n = 0; n < 3; n++) {
      for (const binary of [false, true]) {
        const { rows } = await client.query({
          name: `join ${binary}`,
          text,
          values: [20 + n, '$1', 'DE'],
          binary,
        } as pg.QueryConfig);
        const expected = ORDERS.filter(({ amount, customer }) => amount > 20 + n && [1, 3].includes(customer));
        expect(rows).toEqual(expected.map(({ id }) => ({ id, t: '$1' })));
      }
    }
  });

  it('keep their types in tables that are made of them', async () => {
    await client.query(
      `CREATE TEMP TABLE copied AS SELECT o.*, c.name FROM shop.orders o JOIN shop.customers c ON c.id = o.customer`,
    );
    const { rows } = await client.query(
      "SELECT string_agg(format_type(atttypid, atttypmod), ' ' ORDER BY attnum) AS types FROM pg_attribute WHERE attrelid = 'copied'::regclass AND attnum > 0",
    );
    expect(rows[0].types).toBe(
      'integer integer numeric(10,2) text text[] timestamp with time zone character varying(20)',
    );
    const kept = await rowsOf('SELECT * FROM copied ORDER BY id');
    expect(kept).toEqual(await rowsOf(JOIN.replace('LEFT', '').replace('*', 'o.*, c.name')));
  });

  it('are seen by old snapshots, by cursors, and by cursors that outlive their transaction', async () => {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY');
    await client.query('SELECT 1');
    expect((await client.query(JOIN)).rowCount).toBe(40);
    await client.query(`DECLARE kept SCROLL CURSOR WITH HOLD FOR ${JOIN}`);
    await client.query(`DECLARE gone CURSOR FOR ${JOIN}`);
    expect((await client.query('FETCH 3 FROM gone')).rowCount).toBe(3);
    await client.query('COMMIT');
    expect((await client.query('FETCH ALL FROM kept')).rowCount).toBe(40);
    expect((await client.query('FETCH BACKWARD 2 FROM kept')).rows[0].note).toBe('$rows$');
    await client.query('CLOSE kept');
  });

  it.each(['LATIN1', 'WIN1252', 'SQL_ASCII', 'EUC_JP'])(
    'reach clients of the encoding %s as those of tables do',
    async (encoding) => {
      const other = await gateway.connect();
      await other.query(`SET client_encoding = '${encoding}'`);
      const sql = `SELECT o.id, c.name FROM shop.orders o JOIN shop.customers c ON c.id = o.customer WHERE c.name <> '' ORDER BY 1`;
      const outcome = (execution: string) =>
        rowsOf(sql, execution, other).catch((error: { code: string }) => error.code);
      expect(await outcome('auto')).toEqual(await outcome('engine'));
      await other.end();
    },
  );

  it('are those of each session alone, of many at once', async () => {
    const clients = await Promise.all(Array.from({ length: 12 }, () => gateway.connect()));
    const expected = await rowsOf(JOIN);
    const work = clients.map(async (one, index) => {
      for (let n = 0; n < 4; n++)
        expect(await rowsOf(JOIN, (index + n) % 3 === 0 ? 'engine' : 'auto', one)).toEqual(expected);
      await one.end();
    });
    await Promise.all(work);
    await areDropped();
  });
});
