import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PAGE_ROWS, tablesOf, tpchDsn, tpchPage, tpchQueries } from '../../bench/tpch/service.js';
import { makeTpch, type TpchTable } from '../../bench/tpch/tables.js';
import { startApi, type TestApi } from '../support/api-server.js';
import { errorOf, RawClient, rowsOf } from '../support/raw-client.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

/** The benchmark (`npm run bench -- tpch`) runs them at ten times this size. */
const SCALE = 0.001;

const tables = makeTpch(SCALE);
const ordinaryQueries = tpchQueries(tables, 'ordinary_');
let api: TestApi;
let gateway: TestGateway;
let client: RawClient;

beforeAll(async () => {
  api = await startApi(({ path, query }) => {
    const { contentType, body } = tpchPage(tables, path, query);
    return { headers: { 'content-type': contentType }, body };
  });
  const dsns = { 'tpch.yaml': tpchDsn(tables, `\${env:TPCH_URL}`) };
  gateway = await startTestGateway({ dsns, env: { TPCH_URL: api.url } });
  client = await RawClient.login(gateway.port);
  for (const table of tables) await makeOrdinary(table);
}, 120_000);
afterAll(async () => {
  client?.close();
  await gateway?.close();
  await api?.close();
});

async function makeOrdinary({ name, columns, key, rows }: TpchTable): Promise<void> {
  const definition = Object.entries(columns).map(([column, type]) => `${column} ${type}`);
  await run(`CREATE TEMP TABLE ordinary_${name} (${definition.join(', ')}, PRIMARY KEY (${key.join(', ')}))`);
  for (let at = 0; at < rows.length; at += 2000) {
    const values = rows.slice(at, at + 2000).map((row) => `(${row.map((text) => `'${text}'`).join(', ')})`);
    await run(`INSERT INTO ordinary_${name} VALUES ${values.join(', ')}`);
  }
}

async function run(sql: string): Promise<(string | null)[][]> {
  const frames = await client.query(sql, 60_000);
  expect(errorOf(frames)).toBeNull();
  return rowsOf(frames);
}

describe(`TPC-H at scale ${SCALE}, its tables JSON, XML and CSV`, () => {
  it.each(tpchQueries(tables, 'tpch.').map((sql, index) => [index + 1, sql] as const))(
    'query %i',
    { timeout: 120_000 },
    async (number, sql) => {
      const before = api.requests.length;
      const virtual = await run(sql);
      const requests = api.requests.length - before;
      // Loading everything once takes a request for each page of each table that the query names.
      const all = tablesOf(tables, sql).reduce((pages, { rows }) => pages + Math.floor(rows.length / PAGE_ROWS) + 1, 0);
      expect(requests).toBeLessThanOrEqual(all);
      expect(virtual).toEqual(await run(ordinaryQueries[number - 1]!));
    },
  );
});
