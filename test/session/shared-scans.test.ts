import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startApi, type TestApi } from '../support/api-server.js';
import { errorOf, RawClient, rowsOf } from '../support/raw-client.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const FILTER = 'filters: { kind: { operators: ["=", in], query: kind, separator: "," } }';

const DSN = `
dsn: s
base_url: \${env:API_URL}
tables:
  plain:
    path: /plain
    columns: { id: bigint, kind: text, name: text }
    ${FILTER}
  bounded:
    path: /bounded
    cache: { ttl: 1h }
    pagination: { type: page, parameter: page, size_parameter: size, size: 2, max_pages: 2 }
    columns: { id: bigint, kind: text }
    ${FILTER}
  shy:
    path: /shy
    columns: { id: bigint, kind: text }
    ${FILTER}
  equal:
    path: /equal
    cache: { ttl: 1h, reuse: equal }
    columns: { id: bigint, kind: text }
    ${FILTER}
  whole:
    path: /whole
    cache: { ttl: 1h }
    columns: { id: bigint, kind: text, name: text }
    ${FILTER}
  kept:
    path: /kept
    cache: { ttl: 1h }
    columns: { id: bigint, kind: text }
    ${FILTER}
  numbered:
    path: /numbered
    cache: { ttl: 1h }
    pagination: { type: page, parameter: page, size_parameter: size, size: 2 }
    columns: { id: bigint, kind: text, page: { type: integer, from: page_number } }
    ${FILTER}
  keyed:
    path: /keyed
    cache: { ttl: 1h }
    primary_key: [id]
    columns: { id: bigint, kind: text, name: text }
    ${FILTER}
  parts:
    path: /parts/{owner}
    columns: { owner: { type: bigint, from: filter }, name: text }
    filters: { owner: { operators: ["="], path: owner } }
`;

/** The key of "keyed" is twice there, but not among the rows of kind b. */
const ROWS = [
  { id: 1, kind: 'a', name: 'one' },
  { id: 1, kind: 'a', name: 'uno' },
  { id: 2, kind: 'b', name: 'two' },
  { id: 3, kind: 'a', name: 'three' },
  { id: 4, kind: 'a', name: 'four' },
  { id: 5, kind: 'b', name: 'five' },
];

let api: TestApi;
let gateway: TestGateway;
let client: RawClient;

beforeAll(async () => {
  api = await startApi(({ path, query }) => {
    if (path.startsWith('/parts/')) return { body: [{ name: `of ${path.slice(7)}` }] };
    const kinds = query.get('kind')?.split(',');
    const rows = ROWS.filter(({ kind }) =>
      kinds === undefined ? path !== '/shy' || kind === 'a' : kinds.includes(kind),
    );
    const [page, size] = [Number(query.get('page') ?? 1), Number(query.get('size') ?? rows.length)];
    return { body: rows.slice((page - 1) * size, page * size) };
  });
  gateway = await startTestGateway({ dsns: { 's.yaml': DSN }, env: { API_URL: api.url } });
  client = await RawClient.login(gateway.port);
});
afterAll(async () => {
  client?.close();
  await gateway?.close();
  await api?.close();
});

async function run(sql: string): Promise<{ rows: (string | null)[][]; requests: string[] }> {
  const from = api.requests.length;
  const frames = await client.query(sql);
  expect(errorOf(frames)).toBeNull();
  const requests = api.requests.slice(from).map(({ url }) => url);
  return { rows: rowsOf(frames), requests: requests.sort() };
}

beforeEach(() => client.query('SET tidegate.cache = off'));

describe('references to one table share a scan', () => {
  it.each([
    [
      'SELECT a.id, b.name FROM s.plain a JOIN s.plain b USING (id, kind) ORDER BY 1, 2 LIMIT 2',
      ['1 one', '1 one'],
      'plain',
    ],
    [
      'WITH t AS (SELECT * FROM s.plain) SELECT x.name, y.name FROM t x, t y WHERE y.id = x.id + 1 AND x.id > 1',
      ['two three', 'three four', 'four five'],
      'plain',
    ],
    ['SELECT (SELECT max(id) FROM s.plain WHERE id < p.id) FROM s.plain p ORDER BY id DESC LIMIT 1', ['4'], 'plain'],
    [
      "SELECT max(a.name), max(b) FROM s.plain a, s.plain b WHERE a.kind = 'b' AND b.kind IN ('b', 'c')",
      ['two (5,b,five)'],
      'plain?kind=b,c',
    ],
    ['SELECT count(*), min(a.kind) FROM s.plain a JOIN s.plain b USING (kind)', ['20 a'], 'plain'],
    ["SELECT (SELECT count(*) FROM s.whole WHERE kind = 'b'), (SELECT max(name) FROM s.whole)", ['2 uno'], 'whole'],
    ["SELECT max(a.name), max(b) FROM s.whole a, s.whole b WHERE a.kind = 'b'", ['two (5,b,five)'], 'whole'],
    [
      "SELECT count(*), count(b.id) FROM s.whole a LEFT JOIN s.whole b ON b.id = a.id AND b.kind = 'b'",
      ['6 2'],
      'whole',
    ],
    ["SELECT count(*) FROM s.whole a TABLESAMPLE BERNOULLI (100), s.whole b WHERE b.kind = 'b'", ['12'], 'whole'],
    ["SELECT id FROM s.whole WHERE kind = 'b' EXCEPT SELECT id FROM s.whole WHERE name = 'two'", ['5'], 'whole'],
  ] as const)('of which one needs all that the others do: %s', async (sql, rows, request) => {
    const answer = await run(sql);
    expect(answer.rows.map((row) => row.join(' '))).toEqual(rows);
    expect(answer.requests).toEqual([`/${request}`]);
  });

  it('also where its rows are kept, and then for later statements too', async () => {
    await client.query('SET tidegate.cache = on');
    const sql = "SELECT (SELECT max(id) FROM s.kept), (SELECT count(kind) FROM s.kept WHERE kind = 'b')";
    expect(await run(sql)).toEqual({ rows: [['5', '2']], requests: ['/kept'] });
    expect(await run(sql)).toEqual({ rows: [['5', '2']], requests: [] });
  });

  it('which EXPLAIN says', async () => {
    const sql = "SELECT a.name FROM s.plain a JOIN s.plain b USING (id) WHERE a.kind = 'b' AND b.kind IN ('a', 'b')";
    const lines = (await run(`EXPLAIN ${sql}`)).rows.map(([line]) => line);
    expect(lines.slice(0, 12)).toEqual([
      'Tidegate: rows are fetched into the engine, which computes the result',
      '  Scan 1 of s.plain',
      '    Rows: those of scan 2, no request',
      '    Columns: id, kind, name',
      "    Pushed down: kind = 'b'",
      "    Residual: (a.kind = 'b'::text)",
      '  Scan 2 of s.plain',
      `    GET ${api.url}/plain?kind=a,b`,
      '    Pagination: none',
      '    Columns: id, kind, name',
      "    Pushed down: kind IN ('a', 'b')",
      "    Residual: (b.kind = ANY ('{a,b}'::text[]))",
    ]);
    const analyzed = (await run(`EXPLAIN (ANALYZE, TIMING OFF) ${sql}`)).rows.map(([line]) => line ?? '');
    expect(analyzed.filter((line) => line.includes('Actual: '))).toHaveLength(1);
  });

  it('of rows that were asked for by values of others, when they are the same', async () => {
    const { rows, requests } = await run(
      "SELECT p.owner, p.name, q.name FROM s.plain o JOIN s.parts p ON p.owner = o.id JOIN s.parts q ON q.owner = p.owner WHERE o.kind = 'b' ORDER BY 1",
    );
    expect(rows).toEqual([
      ['2', 'of 2', 'of 2'],
      ['5', 'of 5', 'of 5'],
    ]);
    expect(new Set(requests)).toEqual(new Set(['/parts/2', '/parts/5', '/plain?kind=b']));
  });

  it('with the filter that their column has the value of', async () => {
    const answer = await run(
      'SELECT a.owner, a.name FROM s.parts a, s.parts b WHERE a.owner = 7 AND b.owner IN (7, 8) ORDER BY b.owner',
    );
    expect(answer).toEqual({
      rows: [
        ['7', 'of 7'],
        ['7', 'of 7'],
      ],
      requests: ['/parts/7', '/parts/8'],
    });
  });
});

describe('references to one table have a scan each', () => {
  it.each([
    [
      "max_pages may end the one before it has the other's rows",
      'bounded',
      '4',
      ['/bounded?kind=b&page=1&size=2', '/bounded?page=1&size=2', '/bounded?page=2&size=2'],
    ],
    ['reuse is equal', 'equal', '5', ['/equal', '/equal?kind=b']],
  ])('where %s', async (_, table, max, requests) => {
    const answer = await run(
      `SELECT (SELECT max(id) FROM s.${table}), (SELECT max(id) FROM s.${table} WHERE kind = 'b')`,
    );
    expect(answer.rows).toEqual([[max === '4' ? '3' : max, '5']]);
    expect(answer.requests).toEqual(expect.arrayContaining(requests));
  });

  it('where the API shows less when it is asked without a filter', async () => {
    const answer = await run("SELECT (SELECT max(id) FROM s.shy), (SELECT max(id) FROM s.shy WHERE kind = 'b')");
    expect(answer).toEqual({ rows: [['4', '5']], requests: ['/shy', '/shy?kind=b'] });
  });

  it('where a column is the number of the page', async () => {
    const answer = await run(
      "SELECT b.id, b.page FROM s.numbered b WHERE b.kind = 'b' AND b.id IN (SELECT id FROM s.numbered) ORDER BY 1",
    );
    expect(answer.rows).toEqual([
      ['2', '1'],
      ['5', '1'],
    ]);
  });

  it('where one needs a key that rows of the other would break', async () => {
    const sql =
      "SELECT id, name, (SELECT count(*) FROM s.keyed) FROM s.keyed WHERE kind = 'b' GROUP BY id ORDER BY id LIMIT 1";
    const answer = await run(sql);
    expect(answer.rows).toEqual([['2', 'two', '6']]);
    expect(answer.requests).toEqual(['/keyed', '/keyed?kind=b']);
  });

  it('where others are asked for the values of the narrower one', async () => {
    const answer = await run(
      "SELECT p.name FROM s.whole o JOIN s.parts p ON p.owner = o.id WHERE o.kind = 'b' AND EXISTS (SELECT FROM s.whole x WHERE x.id > 4) ORDER BY 1",
    );
    expect(answer).toEqual({
      rows: [['of 2'], ['of 5']],
      requests: ['/parts/2', '/parts/5', '/whole', '/whole?kind=b'],
    });
  });

  it('where neither has all rows of the other', async () => {
    const answer = await run(
      "SELECT a.id FROM s.plain a JOIN s.plain b ON b.id = a.id + 1 WHERE a.kind = 'a' AND b.kind = 'b' ORDER BY 1",
    );
    expect(answer).toEqual({ rows: [['1'], ['1'], ['4']], requests: ['/plain?kind=a', '/plain?kind=b'] });
  });
});
