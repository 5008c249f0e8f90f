// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the interpolations that DSN files hold.

import { afterEach, describe, expect, it, test } from 'vitest';
import { httpOf, load, problemsOf, tableOf } from '../config/harness.js';
import { failureOf, ids, newHarness, records, scanAll, specOf } from '../scan/fixtures.js';
import { type ApiRoutes, startApi, type TestApi } from '../support/api-server.js';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function api(routes: ApiRoutes): Promise<TestApi> {
  const server = await startApi(routes);
  cleanups.push(() => server.close());
  return server;
}

/** A scanner, and a table of a DSN whose login tells something. */
async function shop(server: TestApi, metadata: string, table: string, extra = '') {
  const text = `dsn: shop
auth: { type: oauth2, grant: refresh_token, refresh_token: canary-seed, client_id: c, client_secret: canary-secret, token_url: "${server.url}/token", metadata: ${metadata} }
${extra}
tables:
  orders: { ${table}, columns: { id: bigint } }
`;
  const { model } = await load({ 'dsn/shop.yaml': text });
  const { scanner, logged } = newHarness();
  cleanups.push(() => scanner.close());
  return { scanner, logged, table: tableOf(model, 'orders') };
}

const tokens = (extra: object = {}) => {
  let n = 0;
  return () => ({ body: { access_token: `a${++n}`, refresh_token: `r${n}`, expires_in: 3600, ...extra } });
};
const orders = { body: { data: records(3) } };
const asked = (server: TestApi) => server.requests.map(({ method, path }) => `${method} ${path}`);

describe('what a login tells', () => {
  it('is asked for once with the token, and makes the address, the path, a header and the query', async () => {
    const server: TestApi = await api({
      'POST /token': tokens(),
      'GET /meta': () => ({ body: { api_endpoint: `${server.url}/us6`, list: { id: 7 } } }),
      'GET /us6/3.0/7/orders': orders,
    });
    const { scanner, table } = await shop(
      server,
      `{ url: "${server.url}/meta", prefix: OAuth, fields: { api_endpoint: $.api_endpoint, list: $.list.id } }`,
      'path: "/3.0/${auth:list}/orders", records: "$.data[*]", headers: { X-List: "list ${auth:list}" }, query: { l: "${auth:list}" }',
      'base_url: "${auth:api_endpoint}"',
    );
    expect(scanner.describe(specOf(table))[0]).toBe('GET ${auth:api_endpoint}/3.0/${auth:list}/orders?l=${auth:list}');
    for (let n = 0; n < 2; n++) expect((await scanAll(scanner, specOf(table))).rows).toEqual(ids(3));
    expect(asked(server)).toEqual(['POST /token', 'GET /meta', ...Array(2).fill('GET /us6/3.0/7/orders')]);
    expect(server.requests[1]!.headers.authorization).toBe('OAuth a1');
    expect(server.requests[2]!.headers).toMatchObject({ authorization: 'Bearer a1', 'x-list': 'list 7' });
    expect(server.requests[2]!.query.get('l')).toBe('7');
  });

  it('can be part of the token’s own answer, as Salesforce has it, and survives an answer without it', async () => {
    let n = 0;
    const server: TestApi = await api({
      'POST /token': () => {
        const body = { access_token: `a${++n}`, refresh_token: `r${n}`, expires_in: 3600 };
        return { body: n === 1 ? { ...body, instance_url: `${server.url}/na1` } : body };
      },
      'GET /na1/orders': ({ headers }) =>
        headers.authorization === 'Bearer a1' && n === 1 ? { status: 401, body: {} } : orders,
    });
    const { scanner, table } = await shop(
      server,
      '{ field: $.instance_url }',
      'url: "${auth:instance_url}/orders", records: "$.data[*]"',
    );
    expect((await scanAll(scanner, specOf(table))).rows).toEqual(ids(3));
    expect(asked(server)).toEqual(['POST /token', 'GET /na1/orders', 'POST /token', 'GET /na1/orders']);
  });

  it('is one entry of a list, chosen by its fields; several that differ are an error, never a guess', async () => {
    const sites = [
      { id: 'c1', name: 'Acme', url: 'https://acme.example' },
      { id: 'c1', name: 'Acme', url: 'https://acme.example', scopes: ['other'] },
      { id: 'c2', name: 'Other', url: 'https://other.example' },
    ];
    const server: TestApi = await api({
      'POST /token': tokens(),
      'GET /sites': { body: { sites } },
      'GET /ex/c1/orders': orders,
    });
    const open = (where: string) =>
      shop(
        server,
        `{ url: "${server.url}/sites", list: $.sites, ${where} fields: { cloud_id: $.id } }`,
        `url: "${server.url}/ex/\${auth:cloud_id}/orders", records: "$.data[*]"`,
      );
    const one = await open('where: { url: "https://acme.example" },');
    expect((await scanAll(one.scanner, specOf(one.table))).rows).toEqual(ids(3));
    const many = await open('');
    const error = await failureOf(scanAll(many.scanner, specOf(many.table)));
    expect(error).toMatchObject({
      sqlstate: 'HV000',
      message: 'what the login of DSN "shop" tells could not be read',
      detail: expect.stringMatching(
        /3 entries; there are: https:\/\/acme.example Acme; .*https:\/\/other.example Other/,
      ),
      hint: expect.stringContaining('metadata.where'),
    });
    const none = await open('where: { name: Acmee },');
    expect((await failureOf(scanAll(none.scanner, specOf(none.table)))).detail).toContain(
      'no entry with name: Acmee; there are: https://acme.example Acme',
    );
  });

  it('may need a new token; what still goes wrong is one error without a secret in it', async () => {
    const server: TestApi = await api({
      'POST /token': tokens(),
      'GET /meta': ({ headers }) =>
        headers.authorization === 'Bearer a1' ? { status: 401, body: {} } : { body: { endpoint: server.url } },
      'GET /never': { status: 401, body: { error: 'canary-secret' } },
      'GET /html': { body: '<html><title>canary-seed</title></html>' },
      'GET /forbidden': { status: 403, body: { message: 'not with canary-secret' } },
      'GET /empty': { body: { endpoint: null } },
      'GET /plain': { body: { endpoint: 'http://evil.example' } },
      'GET /orders': orders,
    });
    const open = async (path: string) => {
      const made = await shop(
        server,
        `{ url: "${server.url}${path}", field: $.endpoint }`,
        'url: "${auth:endpoint}/orders", records: "$.data[*]"',
      );
      return { ...made, run: () => scanAll(made.scanner, specOf(made.table)) };
    };
    expect((await (await open('/meta')).run()).rows).toEqual(ids(3));
    for (const [path, detail] of [
      ['/never', /answered 401 to a new token too/],
      ['/html', /answered 200 OK with text that is not JSON/],
      ['/forbidden', /answered 403 Forbidden: .*not with \[secret\]/],
      ['/empty', /without a text at "\$.endpoint"/],
      ['/plain', undefined],
    ] as const) {
      const { run, logged } = await open(path);
      const error = await failureOf(run());
      expect(error.sqlstate, path).toBe('HV000');
      if (detail !== undefined) expect(error.detail, path).toMatch(detail);
      else expect(error.message).toContain('is not an https address');
      expect(JSON.stringify([error.message, error.detail, error.hint, logged])).not.toContain('canary');
    }
  });

  it('never leaves its place: host names and paths take no more than a part', async () => {
    let dc = '';
    const server: TestApi = await api({ 'POST /token': tokens(), 'GET /meta': () => ({ body: { dc } }) });
    for (const [value, url] of [
      ['evil.example/x?', 'https://${auth:dc}.api.example/3.0'],
      ['..', `${server.url}/a/\${auth:dc}/b`],
    ] as const) {
      dc = value;
      const { scanner, table } = await shop(server, `{ url: "${server.url}/meta", field: $.dc }`, `url: "${url}"`);
      expect((await failureOf(scanAll(scanner, specOf(table)))).message).toMatch(/is not part of a (host name|path)/);
    }
    expect(asked(server).filter((request) => !/token|meta/.test(request))).toEqual([]);
  });
});

test('Xero names the organisation in a header, unless the DSN does so itself', async () => {
  const dsn = (headers: string) =>
    `auth: { type: oauth2, provider: xero, grant: authorization_code, client_id: c, client_secret: s, metadata: { where: { tenantName: Acme } } }
base_url: https://api.xero.com/api.xro/2.0
${headers}
tables: { t: { path: /Invoices, columns: { a: text } } }
`;
  const headersOf = async (headers: string) =>
    Object.fromEntries(httpOf((await load({ 'dsn/s.yaml': dsn(headers) })).model, 't').headers);
  expect(await headersOf('')).toEqual({ 'Xero-Tenant-Id': '${auth:tenant_id}' });
  expect(await headersOf('headers: { xero-tenant-id: mine }')).toEqual({ 'xero-tenant-id': 'mine' });
  const { auth } = httpOf((await load({ 'dsn/s.yaml': dsn('') })).model, 't');
  expect(auth).toMatchObject({
    metadata: { url: 'https://api.xero.com/connections', list: '$', where: new Map([['tenantName', 'Acme']]) },
  });
});

test.each([
  ['{ }', '"metadata" names no value'],
  ['{ field: "$" }', '"$" ends in no name that a value could go by'],
  ['{ field: "$..x" }', '"$..x" does not name one place in an answer'],
  ['{ fields: { a-b: $.x } }', '"a-b" is no name for a value'],
  ['{ url: nowhere, field: $.x }', '"url" is not a URL'],
  ['{ field: $.x, fild: 1 }', 'unknown key "fild" in "metadata" of "auth"; did you mean "field"?'],
])('metadata %s: %s', async (metadata, message) => {
  const text = `auth: { type: session, login: { url: https://a.example }, token_field: $.t, metadata: ${metadata} }
base_url: https://h.example
tables: { t: { path: /x, columns: { a: text } } }
`;
  expect((await problemsOf({ 'dsn/s.yaml': text })).map((problem) => problem.message)).toEqual([message]);
});
