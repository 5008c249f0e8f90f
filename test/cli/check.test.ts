import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { runCheck } from '../../src/cli/check.js';
import { load } from '../config/harness.js';
import { type ApiRoutes, startApi } from '../support/api-server.js';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Checked {
  readonly code: number;
  readonly lines: readonly string[];
}

let checkAgain: () => Promise<Checked>;

/** What `tidegate check --connect` says of a DSN, with the API's own address as API; `checkAgain` says it again. */
async function check(routes: ApiRoutes, auth: string, table: string): Promise<Checked> {
  const api = await startApi(routes);
  cleanups.push(() => api.close());
  const { folder } = await load({
    'dsn/shop.yaml': `auth: ${auth.replaceAll('API', api.url)}
base_url: ${api.url}
tables: { orders: ${table} }
`,
  });
  checkAgain = () => outputOf(join(folder, 'tidegate.yaml'), api.url);
  return checkAgain();
}

async function outputOf(config: string, url: string): Promise<Checked> {
  let output = '';
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    output += String(text);
    return true;
  });
  try {
    await runCheck([], { config, connect: true });
  } finally {
    write.mockRestore();
  }
  const code = Number(process.exitCode ?? 0);
  process.exitCode = 0;
  expect(output).not.toContain('canary');
  const shown = output.replaceAll(url, 'API').replace(/in \d+ ms/, 'in n ms');
  return { code, lines: shown.trimEnd().split('\n') };
}

const AUTH =
  '{ type: oauth2, grant: client_credentials, token_url: API/token, client_id: c, client_secret: canary-secret, scopes: [read] }';
const ORDERS = '{ path: /orders, records: "$.data[*]", columns: { id: integer, note: text } }';
const token = { body: { access_token: 'canary-token', expires_in: 3600 } };

it('says step by step what works, and which columns never hold a value', async () => {
  const routes = { '/token': token, '/orders': { body: { data: [{ id: 1 }, { id: 2 }] } } };
  const { code, lines } = await check(routes, AUTH, ORDERS);
  expect(code).toBe(0);
  expect(lines).toEqual([
    'shop: 1 table, 0 views, valid',
    'shop.orders',
    '  settings    ok         GET API/orders',
    '    Pagination: none',
    '    Authentication: OAuth 2.0 client credentials',
    '  token       ok         OAuth 2.0 client credentials: token for 3600 s',
    '  first page  ok         answered 200, 2 rows in n ms',
    '  columns     ok         1 of 2 hold values in the first 2 rows',
    '    always NULL: note',
    '    what to do: Check "field" of these columns.',
    '1 table, 0 failed',
  ]);
});

it('ends at the token that is refused, with what to do', async () => {
  const routes = { '/token': { status: 401, body: { error: 'invalid_client', error_description: 'canary-secret?' } } };
  const { code, lines } = await check(routes, AUTH, ORDERS);
  expect(code).toBe(1);
  expect(lines.slice(5)).toEqual([
    '  token       FAILED     authorization server refused the client credentials of DSN "shop"',
    '    POST API/token answered 401 Unauthorized; it says: invalid_client: [secret]?',
    '    what to do: Check client_id, client_secret and client_auth in the auth settings of DSN "shop".',
    '1 table, 1 failed',
  ]);
});

it('says that nobody has logged in', async () => {
  const auth =
    '{ type: oauth2, grant: authorization_code, authorization_url: API/a, token_url: API/token, client_id: c, client_auth: none }';
  const { lines } = await check({}, auth, ORDERS);
  expect(lines.slice(5)).toEqual([
    '  token       FAILED     DSN "shop" is not logged in',
    '    what to do: run: tidegate login shop',
    '1 table, 1 failed',
  ]);
});

it('ends at the page that the API refuses', async () => {
  const { code, lines } = await check(
    { '/orders': { status: 404, body: { message: 'no such thing' } } },
    '{ type: none }',
    ORDERS,
  );
  expect(code).toBe(1);
  expect(lines.slice(4)).toEqual([
    '  token       ok         none is needed',
    '  first page  FAILED     API answered 404 Not Found',
    expect.stringContaining('no such thing'),
    expect.stringMatching(/^ {4}what to do: /),
    '1 table, 1 failed',
  ]);
});

it('ends at the column whose values are not of its type', async () => {
  const { code, lines } = await check({ '/orders': { body: { data: [{ id: 'seven' }] } } }, '{ type: none }', ORDERS);
  expect(code).toBe(1);
  expect(lines[5]).toMatch(/^ {2}first page {2}ok/);
  expect(lines[6]).toMatch(/^ {2}columns {5}FAILED {5}.*integer.*"seven"/);
});

it('does not ask an API for what it would refuse', async () => {
  const table =
    '{ path: "/orders/{id}", columns: { id: { type: integer, from: filter } }, filters: { id: { operators: ["="], path: id, required: true } } }';
  const { code, lines } = await check({}, '{ type: none }', table);
  expect(code).toBe(0);
  expect(lines.slice(-3)).toEqual([
    '  first page  not tried  it needs a value for id',
    '    try: SELECT * FROM shop.orders WHERE id = …',
    '1 table, 0 failed',
  ]);
});

it('samples a table without columns, says the types it found, and keeps them', async () => {
  const routes = { '/orders': { body: { data: [{ id: 1, customerName: 'Ann', total: 1.5, at: '2024-05-01' }] } } };
  const { code, lines } = await check(routes, '{ type: none }', '{ path: /orders }');
  expect(code).toBe(0);
  expect(lines.slice(4)).toEqual([
    '  token       ok         none is needed',
    '  sample      ok         4 columns inferred now',
    '    id bigint, customer_name text, total numeric, at date',
    '  first page  ok         answered 200, 1 row in n ms',
    '  columns     ok         4 of 4 hold values in the first row',
    '1 table, 0 failed',
  ]);
});

it('names the inferred columns beside declared ones only, and those of an earlier sample as such', async () => {
  let asked = 0;
  const orders = (): { body: unknown } => {
    asked++;
    return { body: [{ id: 1, total: 7 }] };
  };
  const table = '{ path: /orders, infer: true, columns: { total: numeric } }';
  const first = await check({ '/orders': orders }, '{ type: none }', table);
  expect(first.lines.slice(5, 7)).toEqual(['  sample      ok         1 column inferred now', '    id bigint']);
  expect(asked).toBe(2);
  const second = await checkAgain();
  expect(second.lines.slice(5, 7)).toEqual([
    '  sample      ok         1 column inferred earlier; tidegate discover --refresh does it again',
    '    id bigint',
  ]);
  expect(asked).toBe(3);
});

it('ends at the sample that shows nothing', async () => {
  const { code, lines } = await check({ '/orders': { body: { data: [] } } }, '{ type: none }', '{ path: /orders }');
  expect(code).toBe(1);
  expect(lines.slice(5)).toEqual([
    '  sample      FAILED     the sample of table "shop.orders" has no records',
    expect.stringContaining('API/orders'),
    expect.stringMatching(/^ {4}what to do: Declare "columns", or give "sample"/),
    '1 table, 1 failed',
  ]);
});
