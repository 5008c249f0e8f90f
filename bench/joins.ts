import { loadavg } from 'node:os';
import pg from 'pg';
import { BenchChild } from './child.js';
import { GatewayProcess } from './gateway-process.js';
import { formatTable, median } from './report.js';
import type { SlowPagesRequest, SlowPagesResponse } from './slow-pages.js';

const TABLES = ['t0', 't1', 't2', 't3', 't4'];
const SIZES = [10, 100, 290];
const WAYS = ['in the statement', 'in scan tables', 'ordinary tables'] as const;

const dsn = (rows: number, port: number): string => `
dsn: rows${rows}
base_url: http://127.0.0.1:${port}
tables:
${TABLES.map(
  (table) => `  ${table}:
    path: /${table}
    records: $.data[*]
    primary_key: [id]
    columns: { id: bigint, status: text, amount: numeric, at: { type: timestamptz, field: created_at }, note: text }
`,
).join('')}`;

function join(count: number, table: (name: string) => string): string {
  const [first, ...others] = TABLES.slice(0, count) as [string, ...string[]];
  const joins = others.map((name) => ` JOIN ${table(name)} ${name} ON ${name}.id = ${first}.id`);
  const sum = TABLES.slice(0, count).map((name) => `${name}.amount`);
  return `SELECT ${first}.status, ${first}.id, max(${first}.at), sum(${sum.join(' + ')}) FROM ${table(first)} ${first}${joins.join('')} GROUP BY ${first}.status, ${first}.id`;
}

/**
 * Joins of small tables that nothing is kept of: the requests and all. Their rows stand in the statement, or, as `SET
 * tidegate.execution = 'engine'` has it, in scan tables; the same over ordinary tables is what the engine's own work takes.
 */
export async function benchJoins(
  statements: number,
  print: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const closers: (() => Promise<unknown>)[] = [];
  try {
    const ports: number[] = [];
    for (const rows of SIZES) {
      const api = new BenchChild<SlowPagesRequest, SlowPagesResponse>('./slow-pages.js');
      closers.push(() => api.close());
      ports.push((await api.ask({ pages: 1, rows, latencyMs: 0, isSecure: false })).port);
    }
    const gateway = await GatewayProcess.start(SIZES.map((rows, index) => dsn(rows, ports[index]!)));
    closers.push(() => gateway.close());
    const client = new pg.Client({ host: '127.0.0.1', port: gateway.port, user: 'tidegate', database: 'tidegate' });
    await client.connect();
    closers.push(() => client.end());
    const lines: string[][] = [];
    for (const rows of SIZES) {
      for (const name of TABLES)
        await client.query(`CREATE TEMP TABLE own${rows}_${name} AS SELECT * FROM rows${rows}.${name}`);
      for (const count of [2, 5]) {
        const virtual = join(count, (name) => `rows${rows}.${name}`);
        const ordinary = join(count, (name) => `own${rows}_${name}`);
        const times: number[][] = WAYS.map(() => []);
        for (let n = -10; n < statements; n++) {
          for (const [index, way] of WAYS.entries()) {
            signal.throwIfAborted();
            await client.query(`SET tidegate.execution = '${way === 'in scan tables' ? 'engine' : 'auto'}'`);
            const startedAt = performance.now();
            const { rowCount } = await client.query(way === 'ordinary tables' ? ordinary : virtual);
            if (rowCount !== rows) throw new Error(`${rowCount} rows, not ${rows}`);
            if (n >= 0) times[index]!.push(performance.now() - startedAt);
          }
        }
        const medians = times.map(median);
        lines.push([
          `${count} tables of ${rows} rows`,
          ...medians.map((ms) => `${ms.toFixed(2)} ms`),
          `${(medians[1]! / medians[0]!).toFixed(2)} x`,
          `${(Math.min(...times[1]!) / Math.min(...times[0]!)).toFixed(2)} x`,
        ]);
      }
    }
    print('');
    print(`joins: medians of ${statements} statements, the ways in turn; load ${loadavg()[0]!.toFixed(1)}`);
    print('');
    print(formatTable(['join', ...WAYS, 'as fast', 'the best as fast'], lines));
  } finally {
    for (const close of closers.reverse()) await close().catch(() => {});
  }
}
