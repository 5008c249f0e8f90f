import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApi, type TestApi } from '../support/api-server.js';
import { errorOf, RawClient, rowsOf } from '../support/raw-client.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const DSN = `
dsn: lie
base_url: "\${env:LIE_URL}"
tables:
  whole:
    path: /rows
    records: $.rows[*]
    columns: { id: bigint, name: text }
    limit: { query: limit, max: 6 }
`;

const ROWS = Array.from({ length: 40 }, (_, k) => ({ id: k + 1, name: `n${k + 1}` }));

let api: TestApi;
let gateway: TestGateway;
let client: RawClient;

beforeAll(async () => {
  api = await startApi(({ query }) => ({ body: { rows: ROWS.slice(0, Number(query.get('limit') ?? ROWS.length)) } }));
  gateway = await startTestGateway({ dsns: { 'lie.yaml': DSN }, env: { LIE_URL: api.url } });
  client = await RawClient.login(gateway.port);
});
afterAll(async () => {
  client?.close();
  await gateway?.close();
  await api?.close();
});

describe('LIMIT', () => {
  it.each<[string, number, string]>([
    ['SELECT id FROM lie.whole LIMIT 6', 6, '/rows?limit=6'],
    // once 6 rows: there is no second page to ask for
    ['SELECT id FROM lie.whole LIMIT 7', 7, '/rows'],
    ['SELECT id FROM lie.whole LIMIT 5 OFFSET 5', 5, '/rows'],
  ])('is not cut by the largest number that the API takes: %s', async (sql, count, url) => {
    const from = api.requests.length;
    const frames = await client.query(sql);
    expect(errorOf(frames)).toBeNull();
    expect(rowsOf(frames)).toHaveLength(count);
    expect(api.requests.slice(from).map((request) => request.url)).toEqual([url]);
  });
});
