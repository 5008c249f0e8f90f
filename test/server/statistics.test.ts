import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApi, type TestApi } from '../support/api-server.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const DSN = `
dsn: shop
base_url: \${env:API_URL}
headers: { Authorization: "Bearer \${env:API_TOKEN}" }
tables:
  orders:
    path: /orders
    query: { key: "\${env:API_KEY}" }
    records: $.rows[*]
    pagination: { type: page, parameter: page, size_parameter: size, size: 10 }
    columns: { id: bigint, status: text }
    filters: { status: { operators: ["="], query: status } }
  slow:
    path: /slow
    columns: { id: bigint }
  broken:
    path: /broken
    retry: { attempts: 2 }
    columns: { id: bigint }
`;

const SETTINGS = `
users:
  boss: { password: "a boss's password", dsns: all, admin: true }
  clerk: { password: "a clerk's password", dsns: all }
console: { listen: "127.0.0.1:0" }
`;

describe('statistics', () => {
  let api: TestApi;
  let gateway: TestGateway;
  let console: string;
  const boss = () => gateway.connect({ user: 'boss', password: "a boss's password" });

  beforeAll(async () => {
    api = await startApi(async (request) => {
      if (request.path === '/slow') await new Promise((resolve) => setTimeout(resolve, 20_000).unref());
      if (request.path === '/broken') return { status: 503, body: { message: 'down' } };
      const page = Number(request.query.get('page'));
      const rows = Array.from({ length: page <= 3 ? 10 : 5 }, (_, k) => ({ id: page * 10 + k, status: 'open' }));
      return { body: { rows } };
    });
    gateway = await startTestGateway({
      dsns: { 'shop.yaml': DSN },
      settings: SETTINGS,
      env: { API_URL: api.url, API_TOKEN: 'canary-token', API_KEY: 'canary-key' },
    });
    const line = gateway.log.find(({ message }) => message.startsWith('console: '))!;
    console = `http://${(line.event as { address: string }).address}`;
  });

  afterAll(async () => {
    await gateway.close();
    await api.close();
  });

  it('shows requests, with the addresses redacted', async () => {
    const client = await boss();
    await client.query("SELECT * FROM shop.orders WHERE status = 'open'");
    const { rows } = await client.query(
      "SELECT method, url, status, attempts, rows, bytes > 0 AS has_bytes, error FROM tidegate.requests WHERE table_name = 'orders' ORDER BY started_at, url",
    );
    expect(rows).toHaveLength(4);
    expect(rows[3]).toMatchObject({ method: 'GET', status: 200, attempts: 1, rows: '5', has_bytes: true, error: null });
    expect(rows[0].url).toContain('status=open&page=1&size=10');
    expect(JSON.stringify(rows)).not.toContain('canary');
    await client.end();
  });

  it('shows scans, failed ones too, on both paths', async () => {
    const client = await boss();
    await client.query('SELECT id FROM shop.orders LIMIT 3');
    await client.query('SELECT count(DISTINCT id) FROM shop.orders');
    await expect(client.query('SELECT * FROM shop.broken')).rejects.toMatchObject({ code: 'HV000' });
    const { rows } = await client.query(
      'SELECT way, table_name, columns, row_limit, state, requests, pages, retries, rows, user_name, pid, error FROM tidegate.scans ORDER BY started_at DESC LIMIT 4',
    );
    const own = { user_name: 'boss', pid: Number((client as unknown as { processID: number }).processID) };
    expect(rows[0]).toMatchObject({ table_name: 'scans', state: 'running' });
    expect(rows[1]).toMatchObject({ table_name: 'broken', state: 'failed', requests: '2', retries: '1', ...own });
    expect(rows[1].error).toContain('HV000');
    expect(rows[2]).toMatchObject({ way: 'engine', state: 'done', requests: '4', pages: '4', rows: '35', ...own });
    expect(rows[3]).toMatchObject({ way: 'stream', columns: ['id'], row_limit: '3', requests: '1', state: 'done' });
    await client.end();
  });

  it('shows sessions with what their statements are doing', async () => {
    const client = await boss();
    const { rows } = await client.query('SELECT * FROM tidegate.sessions WHERE pid = pg_backend_pid()');
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({
      user_name: 'boss',
      client_address: '127.0.0.1',
      is_encrypted: false,
      state: 'active',
    });
    expect(Math.abs(rows[0].connected_at.getTime() - Date.now())).toBeLessThan(60_000);
    const other = await boss();
    const waiting = other.query('SELECT * FROM shop.slow').catch(() => {});
    await expect
      .poll(
        async () =>
          (
            await client.query(
              'SELECT state, requests FROM tidegate.sessions WHERE statement_ms > 0 AND pid <> pg_backend_pid()',
            )
          ).rows,
      )
      .toEqual([{ state: 'active', requests: '1' }]);
    await other.end();
    await waiting;
    await client.end();
  });

  it('joins statistics with each other and with a catalogue', async () => {
    const client = await boss();
    const { rows } = await client.query(
      "SELECT s.state, count(*) FROM tidegate.scans s JOIN tidegate.sessions USING (pid) JOIN pg_stat_activity USING (pid) WHERE s.table_name = 'scans' GROUP BY 1",
    );
    expect(rows).toEqual([{ state: 'running', count: '1' }]);
    await client.end();
  });

  it('is for admins only', async () => {
    const client = await gateway.connect({ user: 'clerk', password: "a clerk's password" });
    await expect(client.query('SELECT * FROM tidegate.requests')).rejects.toMatchObject({ code: '42501' });
    const listed = await client.query("SELECT 1 FROM information_schema.tables WHERE table_schema = 'tidegate'");
    expect(listed.rows).toHaveLength(0);
    expect((await client.query('SELECT id FROM shop.orders LIMIT 1')).rows).toHaveLength(1);
    await client.end();
    const admin = await boss();
    const shown = await admin.query(
      "SELECT table_name FROM information_schema.tables WHERE table_schema = 'tidegate' ORDER BY 1",
    );
    expect(shown.rows.map(({ table_name }) => table_name)).toEqual(['cache', 'requests', 'scans', 'sessions']);
    const path = await admin.query('SHOW search_path');
    expect(path.rows[0].search_path).not.toContain('tidegate');
    await admin.end();
  });

  it('survives a reload, and keeps what was counted', async () => {
    const client = await boss();
    const before = await client.query('SELECT count(*) FROM tidegate.requests');
    await gateway.serving.reload();
    const after = await client.query('SELECT count(*) FROM tidegate.requests');
    expect(after.rows).toEqual(before.rows);
    await client.end();
  });

  it('serves metrics and health', async () => {
    const client = await boss();
    await client.query('SELECT count(DISTINCT id) FROM shop.orders');
    const health = await fetch(`${console}/healthz`);
    expect([health.status, await health.json()]).toEqual([200, { status: 'ok' }]);
    const metrics = await (await fetch(`${console}/metrics`)).text();
    expect(metrics).toMatch(/tidegate_requests_total\{dsn="shop",table="orders",status="200"\} \d+/);
    expect(metrics).toMatch(/tidegate_requests_total\{dsn="shop",table="broken",status="503"\} \d+/);
    expect(metrics).toMatch(/tidegate_statements_total\{way="engine",sqlstate="00000"\} \d+/);
    expect(metrics).toMatch(/tidegate_statements_total\{way="stream",sqlstate="HV000"\} \d+/);
    expect(metrics).toMatch(/tidegate_sessions 1\n/);
    expect(metrics).toMatch(/tidegate_scanned_rows_total\{dsn="shop",table="orders"\} \d+/);
    expect(metrics).not.toContain('canary');
    expect((await fetch(`${console}/other`)).status).toBe(404);
    expect((await fetch(`${console}/metrics`, { method: 'POST' })).status).toBe(405);
    await client.end();
  });

  it('logs one line per statement, failed ones too, without its text', async () => {
    const client = await boss();
    const from = gateway.log.length;
    await client.query("SELECT id FROM shop.orders WHERE status = 'canary-text'");
    await expect(client.query('SELECT * FROM shop.broken')).rejects.toThrow();
    await expect(client.query('SELECT count(DISTINCT id) FROM shop.broken')).rejects.toThrow();
    await client.end();
    const lines = gateway.log.slice(from).filter(({ message }) => message === 'statement');
    expect(lines.map(({ event }) => event)).toMatchObject([
      { way: 'stream', requests: 4, rows: 35, sqlstate: null, user: 'boss' },
      { way: 'stream', requests: 2, sqlstate: 'HV000' },
      { way: null, requests: 2, sqlstate: 'HV000' },
    ]);
    expect(JSON.stringify(gateway.log)).not.toContain('canary');
  });
});

describe('limits of one statement', () => {
  let api: TestApi;
  let gateway: TestGateway;

  beforeAll(async () => {
    api = await startApi((request) => {
      const page = Number(request.query.get('page'));
      return {
        body: { rows: page <= 20 ? Array.from({ length: 10 }, (_, k) => ({ id: page * 10 + k, status: 'x' })) : [] },
      };
    });
    gateway = await startTestGateway({
      dsns: { 'shop.yaml': DSN },
      env: { API_URL: api.url, API_TOKEN: 'a', API_KEY: 'b' },
    });
  });

  afterAll(async () => {
    await gateway.close();
    await api.close();
  });

  it('ends a statement that needs more requests than tidegate.max_requests', async () => {
    const client = await gateway.connect();
    await client.query('SET tidegate.max_requests = 5');
    for (const sql of ['SELECT id FROM shop.orders', 'SELECT count(*) FROM shop.orders']) {
      const before = api.requests.length;
      await expect(client.query(sql)).rejects.toMatchObject({
        code: '54000',
        message: 'the statement needs more than 5 API requests',
        hint: expect.stringContaining('tidegate.max_requests'),
      });
      expect(api.requests.length - before).toBe(5);
    }
    expect((await client.query('SELECT id FROM shop.orders LIMIT 30')).rows).toHaveLength(30);
    await client.query('RESET tidegate.max_requests');
    expect((await client.query('SELECT id FROM shop.orders')).rows).toHaveLength(200);
    await client.end();
  });

  it('counts the requests of all scans of a statement together', async () => {
    const client = await gateway.connect();
    await client.query('SET tidegate.max_requests = 30');
    await expect(
      client.query("SELECT count(*) FROM shop.orders a, shop.orders b WHERE a.status = 'x' AND b.status = 'y'"),
    ).rejects.toMatchObject({ code: '54000' });
    await client.end();
  });

  it('refuses a value that is no number', async () => {
    const client = await gateway.connect();
    await client.query("SET tidegate.max_requests = 'many'");
    await expect(client.query('SELECT id FROM shop.orders')).rejects.toMatchObject({
      code: '22023',
      message: 'invalid value for parameter "tidegate.max_requests": "many"',
    });
    await client.end();
  });

  it('EXPLAIN says why a condition does not reach the API', async () => {
    const client = await gateway.connect();
    const reasons = async (where: string): Promise<string[]> => {
      const { rows } = await client.query(`EXPLAIN SELECT id FROM shop.orders WHERE ${where}`);
      const lines = rows.map((row): string => row['QUERY PLAN'].trim());
      return lines
        .filter((line) => line.startsWith('Not pushed down: '))
        .map((line) => line.slice(17))
        .sort();
    };
    expect(await reasons("status = 'open'")).toEqual([]);
    expect(await reasons('id > 3')).toEqual(['id: the DSN declares no filter on it']);
    expect(await reasons("status > 'a' AND id = 3")).toEqual([
      'id: the DSN declares no filter on it',
      'status: its filter takes =, not >',
    ]);
    expect(await reasons("status LIKE 'o%n'")).toContain('status: its filter takes =, not like');
    expect(await reasons('length(status) = 4')).toEqual(['a condition is of no form that an API could take']);
    await client.end();
  });

  it('EXPLAIN ANALYZE shows what each scan has cost', async () => {
    const client = await gateway.connect();
    const explain = async (sql: string): Promise<string> =>
      (await client.query(sql)).rows.map((row) => row['QUERY PLAN']).join('\n');
    const lines = await explain('EXPLAIN (ANALYZE, COSTS off, TIMING off) SELECT count(*) FROM shop.orders');
    expect(lines).toMatch(/Actual: 21 requests, 21 pages, 200 rows, \d+ bytes(, waited \d+ ms)?, \d+ ms/);
    expect(await explain('EXPLAIN SELECT count(*) FROM shop.orders')).not.toContain('Actual');
    await client.end();
  });
});
