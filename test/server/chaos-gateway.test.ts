import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ChaosApi, PAGE, rowsOf, startChaosApi } from '../scan/chaos-api.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const QUERIES = Number(process.env.TIDEGATE_CHAOS_QUERIES ?? 80);
const CLIENTS = 8;
const TABLES = ['by_cursor', 'by_link', 'by_page', 'by_page_4'] as const;

const dsnYaml = (origin: string): string => `
dsn: chaos
base_url: ${origin}
auth: { type: oauth2, grant: client_credentials, token_url: ${origin}/token, client_id: c, client_secret: "\${env:CHAOS_SECRET}" }
retry: { attempts: 5, statuses: [429, 503] }
tables:
${TABLES.map(
  (name) => `  ${name}:
    path: /{scan}
    records: $.data[*]
    columns: { id: bigint, scan: { type: integer, from: filter } }
    filters: { scan: { operators: ["=", in], path: scan, required: true } }
    pagination: ${
      {
        by_cursor: '{ type: cursor, parameter: cursor, field: $.next }',
        by_link: '{ type: link_header }',
        by_page: `{ type: page, parameter: page, size: ${PAGE} }`,
        by_page_4: `{ type: page, parameter: page, size: ${PAGE}, concurrency: 4 }`,
      }[name]
    }`,
).join('\n')}
`;

let chaos: ChaosApi;
let gateway: TestGateway;

beforeAll(async () => {
  chaos = await startChaosApi(null);
  const env = { CHAOS_SECRET: 'canary-chaos-secret' };
  gateway = await startTestGateway({ dsns: { 'chaos.yaml': dsnYaml(chaos.api.origin) }, env });
}, 60_000);

afterAll(async () => {
  await gateway.close();
  await chaos.api.close();
});

/** One query and the row that it must give. */
function queryOf(index: number): { readonly sql: string; readonly row: unknown } {
  const name = TABLES[index % TABLES.length]!;
  const table = `chaos.${name}`;
  const [a, b] = [index, index + 1].map((scan) => ({ scan, count: rowsOf(scan) })) as [
    { scan: number; count: number },
    { scan: number; count: number },
  ];
  const sum = (count: number): string => String((count * (count + 1)) / 2);
  switch (Math.floor(index / TABLES.length) % 3) {
    case 0:
      return { sql: `SELECT id FROM ${table} WHERE scan = ${a.scan}`, row: a.count };
    case 1: {
      const row = { n: String(a.count), s: a.count === 0 ? null : sum(a.count) };
      return { sql: `SELECT count(*) AS n, sum(id) AS s FROM ${table} WHERE scan = ${a.scan}`, row };
    }
    default: {
      const sql = `SELECT count(*) AS n FROM ${table} a JOIN ${table} b USING (id) WHERE a.scan = ${a.scan} AND b.scan = ${b.scan}`;
      return { sql, row: { n: String(Math.min(a.count, b.count)) } };
    }
  }
}

it(`answers each of ${QUERIES} queries rightly or with one clear error, and leaves no scan table and no socket`, {
  timeout: 60_000 + QUERIES * 250,
}, async () => {
  const failed: pg.DatabaseError[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    const client = await gateway.connect();
    while (next < QUERIES) {
      const { sql, row } = queryOf(next++);
      try {
        const { rows } = await client.query(sql);
        if (typeof row === 'number')
          expect(rows.map(({ id }) => Number(id))).toEqual(Array.from({ length: row }, (_, k) => k + 1));
        else expect([sql, rows]).toEqual([sql, [row]]);
      } catch (error) {
        if (!(error instanceof pg.DatabaseError)) throw error;
        failed.push(error);
      }
    }
    await client.end();
  };
  await Promise.all(Array.from({ length: CLIENTS }, worker));
  console.log(`${QUERIES} queries, ${failed.length} errors; faults ${JSON.stringify([...chaos.seenFaults])}`);
  for (const error of failed) {
    expect(`${error.code} ${error.message}`).toMatch(/^HV000 |^HV00N /);
    expect(`${error.message}${error.detail}${error.hint}`).not.toContain('canary-chaos-secret');
  }
  expect(failed.length).toBeLessThan(QUERIES / 3);
  const client = await gateway.connect();
  const left = async () =>
    (await client.query("SELECT count(*) AS n FROM pg_class WHERE relname ~ '^tidegate_scan_'")).rows[0].n as string;
  await expect.poll(left, { timeout: 10_000 }).toBe('0');
  await client.end();
  expect(JSON.stringify(gateway.log)).not.toContain('canary-chaos-secret');
  await gateway.serving.close();
  await expect.poll(() => chaos.api.openSockets(), { timeout: 10_000 }).toBe(0);
});
