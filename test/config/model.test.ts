import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadGateway } from '../../src/config/load.js';
import { reveal, Secret } from '../../src/core/secret.js';
import { httpOf, load, makeFolder, problemsOf, tableOf } from './harness.js';

const minimal = 'base_url: https://h.example/v2/\ntables: { t: { path: orders, columns: { id: bigint } } }\n';

test('fills in every default', async () => {
  const { model, warnings, folder } = await load({ 'dsn/shop.yaml': minimal });
  expect(warnings).toEqual([]);
  expect(model).toEqual({
    listen: { host: '127.0.0.1', port: 5488 },
    tls: null,
    console: null,
    users: [{ name: 'tidegate', password: null, dsns: 'all', isAdmin: true }],
    engine: { mode: 'embedded', dataDir: null, binDir: null },
    tokens: { file: join(folder, '.tidegate/tokens'), key: null },
    limits: {
      connections: 200,
      rowsPerScan: null,
      bytesPerScan: null,
      pagesPerScan: null,
      secondsPerScan: null,
      statementTimeoutMs: null,
      cacheBytes: 2 ** 30,
    },
    log: { level: 'info', format: 'json' },
    dsns: [
      {
        name: 'shop',
        description: null,
        file: join(folder, 'dsn/shop.yaml'),
        views: [],
        tables: [
          {
            dsn: 'shop',
            name: 't',
            description: null,
            location: { file: join(folder, 'dsn/shop.yaml'), line: 2, column: 11 },
            driver: { type: 'json', format: 'auto', encoding: null },
            source: {
              type: 'http',
              method: 'GET',
              url: 'https://h.example/v2/orders',
              headers: new Map(),
              query: new Map(),
              body: null,
              pagination: { type: 'none' },
              auth: { type: 'none' },
              retry: {
                attempts: 5,
                backoff: 'exponential',
                statuses: [429, 502, 503, 504],
                waitHeader: null,
                resetHeader: null,
                remainingHeader: null,
              },
              compression: { type: 'auto', entry: null },
              errors: [],
              limits: { requestsPerSecond: null, burst: null, concurrency: null },
              tableLimits: null,
              timeoutMs: 30_000,
              totalTimeoutMs: null,
              maxBodyBytes: null,
              isIdempotent: false,
              transport: {
                httpVersion: 'auto',
                proxy: null,
                tls: { ca: null, cert: null, key: null, passphrase: null, minVersion: null, isInsecure: false },
              },
              allowOrigins: [],
              allowLinkLocal: false,
            },
            records: null,
            recordsMissing: 'error',
            columns: [
              {
                name: 'id',
                type: { scalar: 'bigint', isArray: false, maxLength: null, precision: null, scale: null },
                description: null,
                from: 'record',
                field: 'id',
                apiName: null,
                include: null,
                format: null,
                timezone: 'UTC',
                decimal: null,
                values: null,
                nullValues: null,
                defaultValue: null,
                onError: 'fail',
                notNull: false,
                references: null,
              },
            ],
            primaryKey: [],
            filters: [],
            filterSeparator: ' and ',
            limit: null,
            orderBy: null,
            select: null,
            include: null,
            count: null,
            rows: null,
            lookup: null,
            cache: null,
          },
        ],
      },
    ],
  });
});

test('folds what stands above the tables: maps merge by key and null removes, the rest is replaced whole', async () => {
  const { model } = await load({
    'dsn/shop.yaml': `
base_url: https://a.example
headers: { Accept: application/json, X-One: 1.0, X-Two: two }
query: { v: 1, w: yes, Case: a }
auth: { type: bearer, token: abc, prefix: Token }
retry: { attempts: 2, backoff: constant, statuses: [500] }
limits: { requests_per_second: 10, burst: 20 }
timeout: 500ms
pagination: { type: page, parameter: p }
driver: csv
delimiter: ;
tables:
  same: { path: /same, columns: { id: bigint } }
  other:
    path: /other
    base_url: https://b.example
    headers: { accept: text/xml, X-Two: null }
    query: { w: null, case: b }
    auth: { type: none }
    retry: { attempts: 9 }
    limits: { concurrency: 1 }
    timeout: 1h
    pagination: { type: none }
    driver: xml
    columns: { id: bigint }
`,
  });
  const same = httpOf(model, 'same');
  expect([...same.headers]).toEqual([
    ['Accept', 'application/json'],
    ['X-One', '1.0'],
    ['X-Two', 'two'],
  ]);
  expect([...same.query]).toEqual([
    ['v', '1'],
    ['w', 'yes'],
    ['Case', 'a'],
  ]);
  expect(same).toMatchObject({
    url: 'https://a.example/same',
    timeoutMs: 500,
    pagination: { type: 'page', start: 1, step: 1 },
  });
  expect(tableOf(model, 'same').driver).toMatchObject({
    type: 'csv',
    delimiter: ';',
    quote: '"',
    escape: '"',
    header: true,
  });

  const other = httpOf(model, 'other');
  expect([...other.headers]).toEqual([
    ['accept', 'text/xml'],
    ['X-One', '1.0'],
  ]);
  expect([...other.query]).toEqual([
    ['v', '1'],
    ['Case', 'a'],
    ['case', 'b'],
  ]);
  expect(other).toMatchObject({
    url: 'https://b.example/other',
    auth: { type: 'none' },
    timeoutMs: 3_600_000,
    retry: { attempts: 9, backoff: 'exponential', statuses: [429, 502, 503, 504] },
    tableLimits: { requestsPerSecond: null, burst: null, concurrency: 1 },
    pagination: { type: 'none' },
  });
  expect(tableOf(model, 'other').driver).toEqual({ type: 'xml', namespaces: new Map(), encoding: null });
});

test('columns, keys, filters and limit in their long forms', async () => {
  const { model } = await load({
    'dsn/shop.yaml': `
base_url: https://h.example
tables:
  items:
    path: /orders/{order}/items
    method: POST
    body: { json: { a: [1, true, null, x] } }
    primary_key: [order_id, "no"]
    columns:
      order_id: { type: bigint, from: filter, references: orders(id) }
      no: { type: numeric, field: 2, default: 1.50, null_values: ["", NA] }
      paid: { type: boolean, values: { true: [Y, yes, 1], false: N } }
      at: { type: timestamptz, format: dd/MM/yyyy HH:mm, timezone: Europe/Berlin }
    filters:
      order_id: { path: order }
      no: { operators: [in, "=", in], body: $.ids, separator: ",", batch: 50 }
      paid: { header: X-Paid, values: { true: "1", false: 0 }, exact: false, required: true }
    limit: { query: n, max: 500 }
  orders: { path: /orders, primary_key: [id], columns: { id: bigint } }
views:
  v: { sql: SELECT 1, description: One }
`,
  });
  const table = tableOf(model, 'items');
  expect(table.columns.map(({ name, notNull, from }) => [name, notNull, from])).toEqual([
    ['order_id', true, 'filter'],
    ['no', true, 'record'],
    ['paid', false, 'record'],
    ['at', false, 'record'],
  ]);
  expect(table.columns[0]!.references).toEqual({ dsn: 'shop', table: 'orders', column: 'id' });
  expect(table.columns[1]).toMatchObject({ field: '2', defaultValue: '1.50', nullValues: ['', 'NA'] });
  expect(table.columns[2]!.values).toEqual({ true: ['Y', 'yes', '1'], false: ['N'] });
  expect(table.columns[3]).toMatchObject({ format: 'dd/MM/yyyy HH:mm', timezone: 'Europe/Berlin' });
  expect(table.filters).toMatchObject([
    { column: 'order_id', operators: ['='], required: true, place: 'path', parameter: 'order' },
    {
      column: 'no',
      operators: ['in', '='],
      required: false,
      exact: true,
      place: 'body',
      parameter: '$.ids',
      separator: ',',
      batch: 50,
    },
    {
      column: 'paid',
      place: 'header',
      exact: false,
      required: true,
      values: new Map([
        ['true', '1'],
        ['false', '0'],
      ]),
    },
  ]);
  expect(table.limit).toEqual({ place: 'query', parameter: 'n', max: 500 });
  expect(httpOf(model, 'items').body).toEqual({ type: 'json', value: { a: [1, true, null, 'x'] } });
  expect(model.dsns[0]!.views).toMatchObject([{ dsn: 'shop', name: 'v', sql: 'SELECT 1', description: 'One' }]);
});

const paginations: readonly [string, object][] = [
  [
    'type: page, parameter: p',
    {
      type: 'page',
      start: 1,
      step: 1,
      size: null,
      place: 'query',
      stop: [{ type: 'empty_page' }, { type: 'short_page' }],
    },
  ],
  [
    'type: offset, parameter: o, size: 50',
    { type: 'offset', start: 0, step: 50, size: 50, stop: [{ type: 'empty_page' }, { type: 'short_page' }] },
  ],
  ['type: offset, parameter: o, size: 50, step: 1, start: 1', { type: 'offset', start: 1, step: 1 }],
  [
    'type: cursor, parameter: c, field: $.next',
    { type: 'cursor', parameter: 'c', field: '$.next', header: null, stop: [] },
  ],
  ['type: next_url, field: "$[\'@odata.nextLink\']"', { type: 'next_url', field: "$['@odata.nextLink']", stop: [] }],
  ['type: link_header, max_pages: 3', { type: 'link_header', field: null, stop: [], maxPages: 3 }],
  [
    'type: header_cursor, parameter: c, header: X-Next',
    { type: 'header_cursor', header: 'X-Next', field: null, stop: [] },
  ],
  [
    'type: page, parameter: p, size: 5, stop: [short_page, {has_more: $.m}, {total: $.t}, {total_pages: $.n}, {status: 404}, {match: "^end"}]',
    {
      stop: [
        { type: 'short_page' },
        { type: 'has_more', field: '$.m' },
        { type: 'total', field: '$.t' },
        { type: 'total_pages', field: '$.n' },
        { type: 'status', status: 404 },
        { type: 'match', pattern: '^end' },
      ],
    },
  ],
];
test.each(paginations)('pagination { %s }', async (text, expected) => {
  const { model } = await load({
    'dsn/s.yaml': minimal.replace('path: orders', `path: orders, pagination: { ${text} }`),
  });
  expect(httpOf(model, 't').pagination).toMatchObject(expected);
});

const urls: readonly [string, string, string][] = [
  ['https://h/v2', '/orders', 'https://h/v2/orders'],
  ['https://h/v2/', 'orders', 'https://h/v2/orders'],
  ['https://h', '/a/{id}?b={id}', 'https://h/a/{id}?b={id}'],
  ['http://h:81/v2', '?x=1', 'http://h:81/v2?x=1'],
];
test.each(urls)('base_url %s and path %s', async (base, path, url) => {
  const text = `base_url: ${base}\ntables: { t: { path: '${path}', columns: { id: bigint }, filters: { id: ${path.includes('{') ? '{ path: id }' : '{ query: id }'} } } }\n`;
  const { model } = await load({ 'dsn/s.yaml': text });
  expect(httpOf(model, 't').url).toBe(url);
});

test('auth of each kind, with its defaults', async () => {
  const auth = async (text: string) =>
    httpOf((await load({ 'dsn/s.yaml': `auth: { ${text} }\n${minimal}` })).model, 't').auth;
  const basic = await auth('type: basic, username: 007, password: p');
  expect(basic).toMatchObject({ type: 'basic', username: '007', password: expect.any(Secret) });
  const bearer = await auth('type: bearer, token: tok');
  expect(bearer).toMatchObject({ header: 'Authorization', prefix: 'Bearer' });
  expect(bearer.type === 'bearer' && bearer.token.reveal()).toBe('tok');
  expect(await auth('type: api_key, key: k, header: X-Api-Key')).toMatchObject({
    place: 'header',
    parameter: 'X-Api-Key',
  });
  expect(
    await auth(
      'type: oauth2, grant: client_credentials, token_url: https://a.example/t, client_id: c, client_auth: none',
    ),
  ).toEqual({
    type: 'oauth2',
    grant: 'client_credentials',
    userInfoUrl: null,
    metadata: null,
    issuer: null,
    tokenUrl: 'https://a.example/t',
    authorizationUrl: null,
    deviceAuthorizationUrl: null,
    revocationUrl: null,
    redirectUrl: null,
    clientId: 'c',
    clientSecret: null,
    clientAuth: 'none',
    privateKey: null,
    keyId: null,
    assertion: { issuer: null, subject: null, audience: null, lifetimeMs: 300_000, claims: new Map() },
    username: null,
    password: null,
    refreshToken: null,
    pkce: true,
    scopes: [],
    scopeSeparator: ' ',
    audience: null,
    resource: null,
    extraAuthorizationParameters: new Map(),
    extraTokenParameters: new Map(),
    extraTokenHeaders: new Map(),
    tokenContentType: 'form',
    tokenField: '$.access_token',
    expiresInField: '$.expires_in',
    renewBeforeMs: 60_000,
    header: 'Authorization',
    prefix: 'Bearer',
    tokenQuery: null,
  });
});

test('files are resolved below the DSN file, and elsewhere where allow_paths says so', async () => {
  const text = (files: string) => `tables: { t: { files: ${files}, driver: csv, columns: { a: text } } }\n`;
  const { model, folder } = await load({ 'dsn/s.yaml': text('./data/*.csv') });
  expect(tableOf(model, 't').source).toEqual({
    type: 'files',
    compression: { type: 'auto', entry: null },
    patterns: [join(folder, 'dsn/data/*.csv')],
    baseDir: join(folder, 'dsn'),
    allowPaths: [],
  });
  const allowed = await load({
    'tidegate.yaml': 'allow_paths: [shared]',
    'dsn/s.yaml': text('[../shared/a.csv]'),
    'shared/a.csv': '',
  });
  expect(tableOf(allowed.model, 't').source).toMatchObject({
    patterns: [join(allowed.folder, 'shared/a.csv')],
    allowPaths: [join(allowed.folder, 'shared')],
  });
});

test('JSON files, byte-order marks, anchors and CRLF are read; a file reached twice is one DSN', async () => {
  const folder = makeFolder({
    'a/one.json': JSON.stringify({ tables: { t: { url: 'https://h.example/x', columns: { id: 'bigint' } } } }),
    'a/two.yml': `\ufefftables:\r\n  t: &t { url: "https://h.example/y", columns: { id: bigint } }\r\n  u: *t\r\n`,
    'a/.hidden.yaml': '{',
    'a/notes.txt': '{',
    'a/sub/three.yaml': '{',
  });
  const dsnPaths = [join(folder, 'a/two.yml'), join(folder, 'a')];
  const { model } = await loadGateway({ configFile: null, dsnPaths, env: {} });
  expect(model.dsns.map(({ name, tables }) => [name, tables.map((table) => table.name)])).toEqual([
    ['two', ['t', 'u']],
    ['one', ['t']],
  ]);
  expect(reveal(httpOf(model, 'u').url)).toBe('https://h.example/y');
  expect(tableOf(model, 'u').location).toMatchObject({ line: 3, column: 3 });
});

test('the sample DSNs load', async () => {
  const env = { DEMO_CLIENT_ID: 'id', DEMO_CLIENT_SECRET: 'secret' };
  const { model } = await loadGateway({ configFile: null, dsnPaths: [join(import.meta.dirname, '../../dsn')], env });
  expect(model.dsns.map(({ name }) => name)).toEqual(expect.arrayContaining(['demo', 'demo_csv', 'demo_xml']));
  expect(tableOf(model, 'order_items').filters).toMatchObject([
    { place: 'path', parameter: 'order_id', required: true },
  ]);
});

test('names that JavaScript objects inherit are names like any other', async () => {
  const text = `
base_url: https://h.example
headers: { constructor: a }
tables:
  constructor:
    path: /x/{valueOf}
    primary_key: [constructor]
    columns: { constructor: { type: bigint, from: filter, references: constructor(constructor) }, toString: text }
    filters: { constructor: { path: valueOf } }
`;
  const { model } = await load({ 'dsn/s.yaml': text });
  expect(tableOf(model, 'constructor')).toMatchObject({
    primaryKey: ['constructor'],
    filters: [{ parameter: 'valueOf' }],
  });
  const problems = await problemsOf({
    'dsn/s.yaml': text
      .replace('columns: { constructor:', 'columns: { other:')
      .replace('toString: text', 'toString: constructor'),
  });
  expect(problems.map(({ message }) => message.replace(/;.*/, ''))).toEqual([
    'primary_key names unknown column "constructor" of table "constructor"',
    'column "other" takes its value from a filter, but has none',
    '"references" of column "other" names unknown column "constructor" of table "constructor"',
    'unknown type "constructor" of column "toString"',
    'filter on unknown column "constructor" of table "constructor"',
  ]);
});
