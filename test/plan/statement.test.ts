import { beforeAll, describe, expect, it } from 'vitest';
import type { Catalogue, CatalogueEntry } from '../../src/engine/engine.js';
import { copyAsQuery, readStatements, statementSql } from '../../src/plan/statement.js';
import { loadParser, toSql } from '../../src/plan/syntax.js';
import { buildTemplate, renderTemplate } from '../../src/plan/template.js';

beforeAll(() => loadParser());

const entry = (schema: string, name: string, viewSql: string | null = null): CatalogueEntry =>
  ({ schema, name, oid: 1, table: null, viewSql, planTables: [] }) as CatalogueEntry;

const entries = [
  entry('shop', 'orders'),
  entry('shop', 'items'),
  entry('crm', 'orders'),
  entry('shop', 'odd "name"'),
  entry('shop', 'open_orders', 'SELECT orders.id FROM shop.orders WHERE orders.paid;'),
  entry('shop', 'twice', 'SELECT o.id FROM shop.open_orders o JOIN shop.orders USING (id);'),
];
const catalogue: Catalogue = {
  entries: new Map(entries.map((item) => [`${item.schema}.${item.name}`, item])),
  byOid: new Map(),
  schemas: ['shop', 'crm'],
};

/** The statement with its virtual tables named t0, t1, …; unqualified names are looked for in shop. */
function spliced(sql: string): string {
  const statement = copyAsQuery(readStatements(sql)![0]!);
  const resolve = (reference: { schema: string | null; name: string }) =>
    catalogue.entries.get(`${reference.schema ?? 'shop'}.${reference.name}`);
  const template = buildTemplate(statement, statement, resolve, catalogue);
  return toSql(
    renderTemplate(
      template,
      template.scans.map((_, index) => `t${index}`),
    ).text,
  );
}

describe('splicing table names', () => {
  it.each([
    ['SELECT * FROM shop.orders', 'SELECT * FROM t0 AS "orders"'],
    ['SELECT * FROM orders o', 'SELECT * FROM t0 o'],
    ['SELECT * FROM tidegate.shop.orders', 'SELECT * FROM t0 AS "orders"'],
    ['SELECT * FROM "shop" . "orders" AS x(a)', 'SELECT * FROM t0 AS x(a)'],
    ['SELECT * FROM shop."odd ""name"""', 'SELECT * FROM t0 AS "odd ""name"""'],
    ['SELECT shop.orders.id, shop.orders.* FROM shop.orders', 'SELECT "orders".id, "orders".* FROM t0 AS "orders"'],
    ['SELECT * FROM ONLY shop.orders', 'SELECT * FROM ONLY t0 AS "orders"'],
    ['SELECT * FROM ONLY (shop.orders)', 'SELECT * FROM ONLY (t0) AS "orders"'],
    ['SELECT * FROM shop.orders *', 'SELECT * FROM t0 * AS "orders"'],
    ['SELECT * FROM shop.orders TABLESAMPLE system(5)', 'SELECT * FROM t0 AS "orders" TABLESAMPLE system(5)'],
    ['TABLE shop.orders', 'SELECT * FROM t0 AS "orders"'],
    ['TABLE ONLY (shop.orders)', 'SELECT * FROM ONLY (t0) AS "orders"'],
    ["SELECT 'é', * FROM shop.orders WHERE x = 'ü'", "SELECT 'é', * FROM t0 AS \"orders\" WHERE x = 'ü'"],
    ['WITH orders AS (SELECT 1) SELECT * FROM orders', 'WITH orders AS (SELECT 1) SELECT * FROM orders'],
    [
      'WITH orders AS (SELECT * FROM orders) SELECT * FROM orders, shop.orders o2',
      'WITH orders AS (SELECT * FROM t0 AS "orders") SELECT * FROM orders, t1 o2',
    ],
    [
      'WITH RECURSIVE orders AS (SELECT 1 UNION SELECT 2 FROM orders) TABLE orders',
      'WITH RECURSIVE orders AS (SELECT 1 UNION SELECT 2 FROM orders) TABLE orders',
    ],
    [
      'SELECT (SELECT max(id) FROM items WHERE o.id = items.id) FROM orders o UNION SELECT 1 FROM items',
      'SELECT (SELECT max(id) FROM t0 AS "items" WHERE o.id = items.id) FROM t1 o UNION SELECT 1 FROM t2 AS "items"',
    ],
    [
      'SELECT shop.orders.id, crm.orders.id FROM shop.orders, crm.orders',
      'SELECT "shop.orders".id, "crm.orders".id FROM t0 AS "shop.orders", t1 AS "crm.orders"',
    ],
    [
      'SELECT * FROM open_orders',
      'SELECT * FROM (SELECT orders.id FROM t0 AS "orders" WHERE orders.paid) AS "open_orders"',
    ],
    [
      'SELECT * FROM twice t',
      'SELECT * FROM (SELECT o.id FROM (SELECT orders.id FROM t0 AS "orders" WHERE orders.paid) o JOIN t1 AS "orders" USING (id)) t',
    ],
    ['INSERT INTO copy SELECT * FROM shop.orders', 'INSERT INTO copy SELECT * FROM t0 AS "orders"'],
    [
      'CREATE TEMP TABLE orders AS SELECT * FROM shop.orders',
      'CREATE TEMP TABLE orders AS SELECT * FROM t0 AS "orders"',
    ],
    ['DECLARE c CURSOR FOR SELECT * FROM shop.orders', 'DECLARE c CURSOR FOR SELECT * FROM t0 AS "orders"'],
    ['COPY (SELECT * FROM shop.orders) TO STDOUT', 'COPY (SELECT * FROM t0 AS "orders") TO STDOUT'],
    ['COPY shop.orders TO STDOUT (FORMAT csv)', 'COPY (SELECT * FROM t0 AS "orders") TO STDOUT (FORMAT csv)'],
    ['COPY shop.orders (id, "a)b") TO STDOUT', 'COPY (SELECT id, "a)b" FROM t0 AS "orders") TO STDOUT'],
    [
      'UPDATE copy SET a = 1 FROM shop.orders WHERE copy.id = orders.id',
      'UPDATE copy SET a = 1 FROM t0 AS "orders" WHERE copy.id = orders.id',
    ],
  ])('%s', (sql, expected) => {
    expect(spliced(sql)).toBe(expected);
  });

  it('leads positions in the spliced text back to the original', () => {
    const sql = 'SELECT ä FROM shop.orders WHERE nope';
    const [statement] = readStatements(sql)!;
    const template = buildTemplate(statement!, statement!, () => entries[0], catalogue);
    const { text, toSourceOffset } = renderTemplate(template, ['pg_catalog.long_table_name']);
    expect(toSourceOffset(text.indexOf('nope'))).toBe(Buffer.from(sql).indexOf('nope'));
    expect(toSourceOffset(text.indexOf('long'))).toBeNull();
  });
});

describe('reading statements', () => {
  it('splits a query text', () => {
    const statements = readStatements("SELECT 1; /* ; */ EXPLAIN (ANALYZE) SELECT ';' FROM x ;COMMIT")!;
    expect(statements.map((statement) => statementSql(statement).trim())).toEqual([
      'SELECT 1',
      "EXPLAIN (ANALYZE) SELECT ';' FROM x",
      'COMMIT',
    ]);
    expect(statements.map((statement) => statement.kind)).toEqual(['query', 'explain', 'other']);
  });

  it.each([
    ['EXPLAIN SELECT 1', 'SELECT 1', { analyze: false, isText: true }],
    ['EXPLAIN ANALYZE VERBOSE SELECT 1', 'SELECT 1', { analyze: true, isText: true }],
    ['EXPLAIN (ANALYZE off, FORMAT JSON) (SELECT 1)', '(SELECT 1)', { analyze: false, isText: false }],
    ['EXPLAIN (SELECT 1)', '(SELECT 1)', { analyze: false, isText: true }],
  ])('%s', (sql, inner, options) => {
    const [statement] = readStatements(sql)!;
    expect(toSql(statement!.text.slice(statement!.inner!.start, statement!.inner!.end))).toBe(inner);
    expect(statement!.explain).toEqual(options);
  });

  it('finds what PREPARE prepares and what EXECUTE is given', () => {
    const [prepare, execute] = readStatements(
      "PREPARE p(int, text[]) AS SELECT $1; EXECUTE p(f(1, 2), ARRAY['a,)b', 'c'])",
    )!;
    expect(toSql(prepare!.text.slice(prepare!.inner!.start, prepare!.inner!.end))).toBe('SELECT $1');
    expect(execute!.arguments.map(({ start, end }) => execute!.text.slice(start, end).trim())).toEqual([
      'f(1, 2)',
      "ARRAY['a,)b', 'c']",
    ]);
  });

  it('marks what is written to and what is locked', () => {
    const roles = (sql: string) => readStatements(sql)![0]!.references.tables.map(({ name, role }) => [name, role]);
    expect(roles('INSERT INTO orders SELECT * FROM items')).toEqual([
      ['orders', 'write'],
      ['items', 'read'],
    ]);
    expect(roles('DELETE FROM orders USING items')).toEqual([
      ['orders', 'write'],
      ['items', 'read'],
    ]);
    expect(roles('MERGE INTO orders o USING items i ON true WHEN MATCHED THEN DELETE')).toEqual([
      ['orders', 'write'],
      ['items', 'read'],
    ]);
    expect(roles('TRUNCATE orders, items')).toEqual([
      ['orders', 'write'],
      ['items', 'write'],
    ]);
    expect(roles('COPY orders FROM STDIN')).toEqual([['orders', 'write']]);
    expect(roles('SELECT * FROM orders FOR UPDATE')).toEqual([['orders', 'lock']]);
    expect(roles('SELECT * FROM orders, items FOR SHARE OF items')).toEqual([
      ['orders', 'read'],
      ['items', 'lock'],
    ]);
    expect(roles('WITH w AS (UPDATE orders SET a = 1 RETURNING *) SELECT * FROM w')).toEqual([['orders', 'write']]);
  });

  it('reads expressions of any length', () => {
    const sql = `SELECT a${' + b'.repeat(5000)} FROM orders WHERE x IN (SELECT max(z) || y || w FROM items GROUP BY y)`;
    const [statement] = readStatements(sql)!;
    expect(statement!.references.tables.map(({ name }) => name)).toEqual(['orders', 'items']);
    expect([...statement!.groupColumns]).toEqual(['y']);
  });

  it.each([
    ['SELECT o.id, sum(amount) FROM orders o GROUP BY o.id', []],
    ['SELECT id, status, sum(amount) FROM orders GROUP BY id', ['id']],
    ['SELECT * FROM orders GROUP BY id', ['id']],
    ['SELECT id FROM orders GROUP BY id HAVING max(amount) > 3 AND status IS NULL', ['id']],
    ['SELECT id FROM orders GROUP BY id ORDER BY status', ['id']],
    ['SELECT id, sum(count(*)) OVER (PARTITION BY status) FROM orders GROUP BY id', ['id']],
    ['SELECT id, (SELECT max(x) FROM items WHERE owner = o.ref) FROM orders o GROUP BY id', ['id']],
    ['SELECT id, sum(amount) OVER () FROM orders GROUP BY id', ['id']],
    ['SELECT id, my_own(amount) FROM orders GROUP BY id', ['id']],
    // the key is hidden by another output of its name, but grouped by all the same
    ['SELECT status AS id FROM orders GROUP BY id', ['id']],
    ['SELECT upper(id) AS id FROM orders GROUP BY id', ['id']],
    ['SELECT id AS k FROM orders GROUP BY k', ['k']],
    ['SELECT id, status FROM orders GROUP BY 1, 2', []],
    ['SELECT id, status, note FROM orders GROUP BY 1, 2', ['*']],
    [
      "SELECT date_trunc('day', at), count(*) FROM orders GROUP BY date_trunc('day', at) ORDER BY date_trunc('day', at)",
      [],
    ],
    ["SELECT date_trunc('hour', at), count(*) FROM orders GROUP BY date_trunc('day', at)", ['*']],
    ['SELECT id FROM orders GROUP BY ROLLUP (id)', ['*']],
    ['SELECT o.id, i.id, count(*) FROM orders o, items i GROUP BY o.id, i.id', []],
    ['SELECT o.id, o.x FROM orders o JOIN items i ON true GROUP BY o.id, i.x', ['id', 'x']],
    ['SELECT o.id, i.x FROM orders o JOIN items i USING (x) GROUP BY o.id, i.id, x', ['id', 'id', 'x']],
    ['SELECT id FROM a GROUP BY id UNION ALL SELECT x FROM b GROUP BY y', ['y']],
  ])('knows where a query may use more columns than it groups by: %s', (sql, expected) => {
    expect([...readStatements(sql)![0]!.groupColumns]).toEqual([...new Set(expected)]);
  });

  it('leaves what the parser rejects to the engine', () => {
    expect(readStatements('SELEC 1')).toBeNull();
    expect(readStatements("SELECT 'open")).toBeNull();
  });
});
