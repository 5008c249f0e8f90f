import { loadavg } from 'node:os';
import pg from 'pg';
import { BenchChild } from './child.js';
import { GatewayProcess } from './gateway-process.js';
import { compare, type StatementText, shown, WAYS } from './planning/ways.js';
import { formatTable } from './report.js';
import type { SlowPagesRequest, SlowPagesResponse } from './slow-pages.js';

const TABLES = Array.from({ length: 10 }, (_, k) => `t${k}`);
const ROWS = 100;

const dsn = (name: string, port: number, settings: string): string => `
dsn: ${name}
base_url: http://127.0.0.1:${port}
${settings}
tables:
${TABLES.map(
  (table) => `  ${table}:
    path: /${table}
    records: $.data[*]
    primary_key: [id]
    columns: { id: bigint, ref: { type: bigint, field: id }, status: text, amount: numeric, at: { type: timestamptz, field: created_at } }
    filters: { status: { operators: ["=", in], query: status }, ref: { operators: ["=", in], query: ref } }
`,
).join('')}`;

/** A join of the first `count` tables in a chain, with a condition. */
const join =
  (count: number): StatementText =>
  (table, value) => {
    const [first, ...others] = TABLES.slice(0, count) as [string, ...string[]];
    const joins = others.map((name, index) => ` JOIN ${table(name)} ${name} ON ${name}.ref = ${TABLES[index]}.id`);
    const conditions = `${first}.status = 'open' AND ${first}.id <> ${value}`;
    return `SELECT ${first}.id, sum(${first}.amount) FROM ${table(first)} ${first}${joins.join('')} WHERE ${conditions} GROUP BY ${first}.id`;
  };

const rowsOfOne: StatementText = (table, value) =>
  `SELECT * FROM ${table('t0')} t0 WHERE status = 'open' AND id <> ${value}`;

/**
 * What planning adds to a statement. EXPLAIN over virtual tables, which is planned in full and fetches nothing, against
 * EXPLAIN over ordinary tables in the same session, which is only relayed; then statements that are run, over rows that stream from
 * an API that answers at once, and over kept rows.
 */
export async function benchPlanning(
  statements: number,
  print: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const closers: (() => Promise<unknown>)[] = [];
  try {
    const api = new BenchChild<SlowPagesRequest, SlowPagesResponse>('./slow-pages.js');
    closers.push(() => api.close());
    const { port } = await api.ask({ pages: 1, rows: ROWS, latencyMs: 0, isSecure: false });
    const gateway = await GatewayProcess.start([dsn('bench', port, ''), dsn('kept', port, 'cache: { ttl: 1h }')]);
    closers.push(() => gateway.close());
    const client = new pg.Client({ host: '127.0.0.1', port: gateway.port, user: 'tidegate', database: 'tidegate' });
    await client.connect();
    closers.push(() => client.end());
    for (const name of TABLES) {
      await client.query(`CREATE TEMP TABLE ordinary_${name} (LIKE bench.${name} INCLUDING INDEXES)`);
    }
    const measure = async (title: string, schema: string, statement: StatementText): Promise<void> => {
      for (const way of WAYS) {
        const texts = {
          virtual: (value: string) => statement((name) => `${schema}.${name}`, value),
          ordinary: (value: string) => statement((name) => `pg_temp.ordinary_${name}`, value),
        };
        const { virtual, ordinary, added, leastAdded } = await compare(client, way, texts, statements, signal);
        rows.push([`${title}, ${way}`, ...[virtual, ordinary, added, leastAdded].map(shown)]);
      }
    };
    let rows: string[][] = [];
    for (const count of [1, 2, 5, 10]) {
      const explain: StatementText = (table, value) => `EXPLAIN ${join(count)(table, value)}`;
      await measure(`${count} ${count === 1 ? 'table' : 'tables'}`, 'bench', explain);
    }
    print('');
    print(
      `planning: EXPLAIN of joins, medians of 15 rounds of ${statements}, the two in turn; load ${loadavg()[0]!.toFixed(1)}`,
    );
    print('');
    const header = ['virtual tables', 'ordinary tables', 'planning adds', 'in the best round'];
    print(formatTable(['EXPLAIN', ...header], rows));
    rows = [];
    for (const name of TABLES) await client.query(`INSERT INTO ordinary_${name} SELECT * FROM bench.${name}`);
    await measure(`${ROWS} rows from an API`, 'bench', rowsOfOne);
    await measure(`${ROWS} kept rows`, 'kept', rowsOfOne);
    await measure('join of two kept tables', 'kept', join(2));
    print('');
    print(`statements, run; load ${loadavg()[0]!.toFixed(1)}`);
    print('');
    print(formatTable(['statement', ...header.slice(0, 2), 'difference', header[3]!], rows));
  } finally {
    for (const close of closers.reverse()) await close().catch(() => {});
  }
}
