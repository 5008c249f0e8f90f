import pg from 'pg';
import { GatewayProcess } from './gateway-process.js';
import { formatTable, median } from './report.js';

const TABLES = Array.from({ length: 10 }, (_, k) => `t${k}`);

const DSN = `
dsn: bench
base_url: http://127.0.0.1:9
tables:
${TABLES.map(
  (name) => `  ${name}:
    path: /${name}
    primary_key: [id]
    columns: { id: bigint, ref: bigint, status: text, amount: numeric, at: timestamptz }
    filters: { status: { operators: ["=", in], query: status }, ref: { operators: ["=", in], query: ref } }
`,
).join('')}`;

const ROUNDS = 15;

/** A join of the first `count` tables in a chain, with a condition. */
function join(count: number, table: (name: string) => string): string {
  const [first, ...others] = TABLES.slice(0, count);
  const joins = others.map((name, index) => ` JOIN ${table(name)} ${name} ON ${name}.ref = ${TABLES[index]}.id`);
  return `SELECT ${first}.id, sum(${first}.amount) FROM ${table(first!)} ${first}${joins.join('')} WHERE ${first}.status = 'open' GROUP BY ${first}.id`;
}

/**
 * What planning adds to a statement: EXPLAIN over virtual tables, which is planned in full and fetches nothing, against
 * EXPLAIN over ordinary empty tables in the same session, which is only relayed.
 */
export async function benchPlanning(
  statements: number,
  print: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const gateway = await GatewayProcess.start(DSN);
  try {
    const client = new pg.Client({ host: '127.0.0.1', port: gateway.port, user: 'tidegate', database: 'tidegate' });
    await client.connect();
    try {
      for (const name of TABLES) {
        await client.query(`CREATE TEMP TABLE ordinary_${name} (LIKE bench.${name} INCLUDING INDEXES)`);
      }
      const rows: string[][] = [];
      for (const count of [1, 2, 5, 10]) {
        const texts = [join(count, (name) => `bench.${name}`), join(count, (name) => `pg_temp.ordinary_${name}`)];
        const times: number[][] = [[], []];
        for (let round = 0; round <= ROUNDS; round++) {
          signal.throwIfAborted();
          for (const [way, text] of texts.entries()) {
            const ms = await medianTime(client, `EXPLAIN ${text}`, statements);
            if (round > 0) times[way]!.push(ms); // the first warms all up
          }
        }
        const [virtual, ordinary] = times as [number[], number[]];
        const added = median(virtual.map((ms, index) => ms - ordinary[index]!));
        rows.push([
          `${count} ${count === 1 ? 'table' : 'tables'}`,
          ...[median(virtual), median(ordinary), added].map(shown),
        ]);
      }
      print('');
      print(`planning: EXPLAIN of joins, medians of ${ROUNDS} rounds of ${statements}, the two in turn`);
      print('');
      print(formatTable(['statement', 'virtual tables', 'ordinary tables', 'planning adds'], rows));
    } finally {
      await client.end();
    }
  } finally {
    await gateway.close();
  }
}

function shown(ms: number): string {
  return `${ms.toFixed(2)} ms`;
}

async function medianTime(client: pg.Client, sql: string, count: number): Promise<number> {
  const times: number[] = [];
  for (let n = 0; n < count; n++) {
    const startedAt = performance.now();
    await client.query(sql);
    times.push(performance.now() - startedAt);
  }
  return median(times);
}
