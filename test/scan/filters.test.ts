import { describe, expect, it } from 'vitest';
import type { FilterModel, TableModel } from '../../src/config/model.js';
import type { PushedFilter } from '../../src/scan/scan.js';
import {
  api,
  column,
  failureOf,
  filter,
  type Handler,
  httpSource,
  newHarness,
  numbered,
  readText,
  scanAll,
  sendJson,
  specOf,
  table,
} from './fixtures.js';

const harness = newHarness();
const NO_ROWS: Handler = (_request, response) => sendJson(response, { data: [] });

const push = (name: string, operator: PushedFilter['operator'], ...values: string[]): PushedFilter => ({
  column: name,
  operator,
  values,
});

const COLUMNS = [
  column('id', 'bigint'),
  column('status', 'text'),
  column('paid', 'boolean'),
  column('price', 'numeric(10,2)'),
  column('at', 'timestamptz'),
  column('day', 'date'),
];

/** Decoded query strings of the requests that the filters lead to. */
async function sent(
  filters: FilterModel[],
  pushed: PushedFilter[],
  extra: Partial<TableModel> = {},
): Promise<string[]> {
  const server = await api(NO_ROWS);
  const model = table(httpSource(`${server.origin}/`), { columns: COLUMNS, filters, ...extra });
  await scanAll(harness.scanner, specOf(model, { filters: pushed }));
  return server.requests.map((request) => decodeURIComponent(request.slice('GET /'.length)));
}

describe('values', () => {
  it('writes times in RFC 3339 by default, and in any format without making a bound narrower', async () => {
    const at = '2024-01-02 03:04:05.5+00';
    const cases: [Partial<FilterModel>, PushedFilter['operator'], string, string][] = [
      [{}, '>=', '2024-01-02 03:04:05+00', '2024-01-02T03:04:05Z'],
      [{ format: 'rfc3339' }, '>=', at, '2024-01-02T03:04:05.5Z'],
      [{ format: 'unix' }, '>=', at, '1704164645'],
      [{ format: 'unix' }, '<=', at, '1704164646'],
      [{ format: 'unix_ms' }, '=', at, '1704164645500'],
      [{ format: 'date' }, '>', at, '2024-01-02'],
      [{ format: 'date' }, '<', at, '2024-01-03'],
      [{ format: 'rfc2822' }, '>=', at, 'Tue, 02 Jan 2024 03:04:05 +0000'],
      [{ format: 'dd/MM/yyyy HH:mm' }, '>=', at, '02/01/2024 03:04'],
      [{ format: 'dd/MM/yyyy HH:mm' }, '<', at, '02/01/2024 03:05'],
      [{ format: "yyyyMMdd'T'HHmmssX" }, '>=', '1969-12-31 23:59:59.9+00', '19691231T235959Z'],
      [{ format: 'unix' }, '>=', '1969-12-31 23:59:59.9+00', '-1'],
    ];
    for (const [extra, operator, value, expected] of cases) {
      const filters = [filter('at', { operators: [operator], parameter: 'v', ...extra })];
      expect(await sent(filters, [push('at', operator, value)])).toEqual([`?v=${expected}`]);
    }
  });

  it('writes local times where the format has no zone', async () => {
    const zoned = column('at', 'timestamptz', { timezone: 'Europe/Berlin' });
    const filters = [filter('at', { format: 'yyyy-MM-dd HH:mm' })];
    const columns = [zoned];
    expect(await sent(filters, [push('at', '=', '2024-07-01 22:30:00+00')], { columns })).toEqual([
      '?at=2024-07-02 00:30',
    ]);
    expect(
      await sent([filter('at', { format: 'yyyy-MM-dd HH:mmXXX' })], [push('at', '=', '2024-01-01 23:30:00+00')], {
        columns,
      }),
    ).toEqual(['?at=2024-01-02 00:30+01:00']);
  });

  it('leaves a filter out that cannot be said, with LIMIT, rather than narrowing the answer', async () => {
    expect(await sent([filter('at', { operators: ['>='] })], [push('at', '>=', '-infinity')])).toEqual(['']);
    const list = filter('status', { operators: ['in'], separator: ',' });
    expect(await sent([list], [push('status', 'in', 'a,b', 'c')])).toEqual(['']);
    const server = await api((_request, response, url) => {
      const page = Number(url.searchParams.get('page'));
      sendJson(response, { data: page > 2 ? [] : Array.from({ length: 10 }, (_item, n) => ({ id: page * 10 + n })) });
    });
    const model = table(httpSource(server.origin, { pagination: numbered('page') }), {
      columns: [column('id')],
      filters: [],
    });
    const { rows } = await scanAll(harness.scanner, specOf(model, { filters: [push('id', '=', '25')], limit: 1 }));
    expect(rows).toHaveLength(20);
  });

  it('maps booleans and values, and joins filters that share a parameter', async () => {
    expect(await sent([filter('paid')], [push('paid', '=', 't')])).toEqual(['?paid=true']);
    expect(
      await sent(
        [
          filter('paid', {
            values: new Map([
              ['true', '1'],
              ['false', '0'],
            ]),
          }),
        ],
        [push('paid', '=', 'f')],
      ),
    ).toEqual(['?paid=0']);
    const flag = column('flag', 'boolean', { values: { true: ['Y', '1'], false: ['N'] } });
    const columns = [...COLUMNS, flag];
    expect(await sent([filter('flag')], [push('flag', '=', 't')], { columns })).toEqual(['?flag=Y']);
    expect(await sent([filter('flag')], [push('flag', '=', 'f')], { columns })).toEqual(['?flag=N']);
    const values = new Map([['true', 'ja']]);
    expect(await sent([filter('flag', { values })], [push('flag', '=', 't')], { columns })).toEqual(['?flag=ja']);
    const template = '{field} {operator} {value}';
    const templated = await sent([filter('flag', { template })], [push('flag', '=', 'f')], { columns });
    expect(templated).toEqual(['?flag=flag = N']);
    const odata = (name: string, template: string) =>
      filter(name, { parameter: '$filter', template, operators: ['=', '>='] });
    const filters = [odata('status', "{field} eq '{value}'"), odata('price', '{column} {operator} {value}')];
    const pushed = [push('status', '=', "O'Brien"), push('price', '>=', '9.50')];
    expect(await sent(filters, pushed)).toEqual(["?$filter=status eq 'O''Brien' and price >= 9.50"]);
    expect(await sent(filters, pushed, { filterSeparator: ';' })).toEqual([
      "?$filter=status eq 'O''Brien';price >= 9.50",
    ]);
  });

  it('sends two bounds of one column to their own parameters', async () => {
    const filters = [
      filter('id', { operators: ['>='], parameter: 'from' }),
      filter('id', { operators: ['<'], parameter: 'to' }),
    ];
    expect(await sent(filters, [push('id', '>=', '5'), push('id', '<', '9')])).toEqual(['?from=5&to=9']);
  });
});

describe('lists', () => {
  it('sends a list in one request, in batches, or value by value, without repetitions', async () => {
    const list = push('id', 'in', '1', '2', '2', '3', '1');
    const operators = ['=', 'in'] as const;
    expect(await sent([filter('id', { operators, separator: ',' })], [list])).toEqual(['?id=1,2,3']);
    expect(await sent([filter('id', { operators, separator: ',', batch: 2 })], [list])).toEqual(['?id=1,2', '?id=3']);
    expect(await sent([filter('id', { operators })], [list])).toEqual(['?id=1', '?id=2', '?id=3']);
    expect(await sent([filter('price')], [push('price', 'in', '1.0', '1.00', '2')])).toEqual([
      '?price=1.0',
      '?price=2',
    ]);
    expect(await sent([filter('id', { operators })], [push('id', 'in')])).toEqual([]);
  });

  it('combines two lists, and doubles no row when the API ignores its filter', async () => {
    const server = await api((_request, response) =>
      sendJson(response, { data: [1, 2, 3, 1].map((id) => ({ id, status: 'a' })) }),
    );
    const columns = [column('id'), column('status', 'text')];
    const model = table(httpSource(`${server.origin}/`), { columns, filters: [filter('id'), filter('status')] });
    const filters = [push('id', 'in', '1', '2'), push('status', 'in', 'a', 'b')];
    const { rows } = await scanAll(harness.scanner, specOf(model, { filters }));
    expect(rows).toEqual([
      ['1', 'a'],
      ['1', 'a'],
      ['2', 'a'],
    ]);
    expect(server.requests).toEqual([
      'GET /?id=1&status=a',
      'GET /?id=1&status=b',
      'GET /?id=2&status=a',
      'GET /?id=2&status=b',
    ]);
  });
});

describe('places', () => {
  const items = (origin: string, path = '/orders/{order_id}/items') =>
    table(httpSource(`${origin}${path}`), {
      name: 'order_items',
      columns: [
        column('order_id', 'text', { from: 'filter' }),
        column('sku', 'text'),
        column('page', 'integer', { from: 'page_number' }),
        column('etag', 'text', { from: 'header', field: 'ETag' }),
        column('url', 'text', { from: 'page_url' }),
      ],
      filters: [filter('order_id', { place: 'path', parameter: 'order_id', required: true })],
    });

  it('fills columns from the filter, the headers and the page', async () => {
    const server = await api((_request, response, url) =>
      sendJson(response, { data: [{ sku: url.pathname }] }, { etag: '"v1"' }),
    );
    const model = items(server.origin);
    const { rows } = await scanAll(harness.scanner, specOf(model, { filters: [push('order_id', 'in', '7', '8')] }));
    expect(rows).toEqual(
      ['7', '8'].map((id) => [id, `/orders/${id}/items`, '1', '"v1"', `${server.origin}/orders/${id}/items`]),
    );
  });

  it('percent-encodes path values and refuses those that would climb to another folder', async () => {
    const server = await api(NO_ROWS);
    const run = (value: string, path?: string) =>
      scanAll(harness.scanner, specOf(items(server.origin, path), { filters: [push('order_id', '=', value)] }));
    await run('a/../b?x=1#y%2e ü');
    expect(server.requests).toEqual(['GET /orders/a%2F..%2Fb%3Fx%3D1%23y%252e%20%C3%BC/items']);
    for (const value of ['..', '.', '']) {
      const error = await failureOf(run(value));
      expect(error.sqlstate).toBe('22P02');
      expect(error.message).toContain(`"${value}"`);
    }
    expect((await failureOf(run('.', '/orders/.{order_id}'))).sqlstate).toBe('22P02');
    expect(server.requests).toHaveLength(1);
  });

  it('says HV00L, table, column and an example when a required filter is missing', async () => {
    const error = await failureOf(scanAll(harness.scanner, specOf(items('http://127.0.0.1:1'))));
    expect(error.sqlstate).toBe('HV00L');
    expect(error.message).toBe('virtual table "shop.order_items" needs a filter on column "order_id"');
    expect(error.hint).toContain("WHERE order_id = '…'");
    expect(harness.scanner.describe(specOf(items('http://127.0.0.1:1')))).toContain('Needs: a value for "order_id"');
  });

  it('replaces a query parameter and keeps the base URL’s own', async () => {
    const server = await api(NO_ROWS);
    const source = httpSource(`${server.origin}/?status=all&raw=a%2Bb&flag`, { query: new Map([['raw', 'c&d']]) });
    await scanAll(
      harness.scanner,
      specOf(table(source, { columns: COLUMNS, filters: [filter('status')] }), {
        filters: [push('status', '=', 'x=y')],
      }),
    );
    expect(server.requests).toEqual(['GET /?status=x%3Dy&raw=c%26d&flag']);
  });

  it('refuses line breaks in a header', async () => {
    const server = await api(NO_ROWS);
    const model = table(httpSource(server.origin), {
      columns: COLUMNS,
      filters: [filter('status', { place: 'header', parameter: 'X-Status' })],
    });
    const error = await failureOf(
      scanAll(harness.scanner, specOf(model, { filters: [push('status', '=', 'a\r\nX-Admin: 1')] })),
    );
    expect(error.sqlstate).toBe('22P02');
    expect(server.requests).toHaveLength(0);
  });

  it('sets values in JSON, form and XML bodies', async () => {
    const bodies: string[] = [];
    const server = await api(async (request, response) => {
      bodies.push(`${request.headers['content-type']} ${await readText(request)}`);
      sendJson(response, { data: [] });
    });
    const run = async (body: Parameters<typeof httpSource>[1], filters: FilterModel[], pushed: PushedFilter[]) => {
      const source = httpSource(server.origin, { method: 'POST', ...body });
      await scanAll(harness.scanner, specOf(table(source, { columns: COLUMNS, filters }), { filters: pushed }));
    };
    const inBody = (name: string, parameter: string) => filter(name, { place: 'body', parameter });
    const pushed = [push('id', '=', '9007199254740993'), push('status', '=', '<a & "b">')];
    const json = { type: 'json', value: { query: { id: 1, keep: [true, null] }, sort: 'x' } } as const;
    await run({ body: json }, [inBody('id', '$.query.id'), inBody('status', "$.query['a b']")], pushed);
    expect(bodies.pop()).toBe(
      'application/json {"query":{"id":9007199254740993,"keep":[true,null],"a b":"<a & \\"b\\">"},"sort":"x"}',
    );
    expect(json.value.query.id).toBe(1);
    await run(
      { body: { type: 'form', fields: new Map([['id', '0']]) } },
      [inBody('id', 'id'), inBody('status', 'st')],
      pushed,
    );
    expect(bodies.pop()).toBe('application/x-www-form-urlencoded id=9007199254740993&st=%3Ca+%26+%22b%22%3E');
    await run(
      { body: { type: 'xml', text: '<q><s>{status}</s><i>{id}</i></q>' } },
      [inBody('id', 'id'), inBody('status', 'status')],
      pushed.slice(1),
    );
    expect(bodies.pop()).toBe('text/xml; charset=utf-8 <q><s>&lt;a &amp; &quot;b&quot;&gt;</s><i></i></q>');
    const wrong = await failureOf(run({ body: json }, [inBody('id', '$.sort.id')], pushed));
    expect(wrong.sqlstate).toBe('F0000');
  });
});

describe('describe', () => {
  it('shows the first request redacted, and what else there is to know', () => {
    const source = httpSource('https://user:pass@api.example.com/orders?sig=abc', {
      pagination: numbered('page', { parameter: 'page', sizeParameter: 'per_page', size: 100 }),
      limits: { requestsPerSecond: 10, burst: 20, concurrency: 4 },
    });
    const spec = specOf(table(source, { columns: COLUMNS, filters: [filter('status')] }), {
      filters: [push('status', 'in', 'open', 'new')],
      limit: 5,
    });
    expect(harness.scanner.describe(spec)).toEqual([
      'GET https://api.example.com/orders?sig=[secret]&status=open&page=1&per_page=100',
      'Requests: 2 such requests, up to 2 at once',
      'Pagination: page by "page", 100 a page',
      'Limit: paging ends after 5 rows',
      'Rate limit: 10 requests a second, burst 20, 4 at once',
    ]);
  });
});
