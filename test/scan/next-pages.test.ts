import { describe, expect, it } from 'vitest';
import { createReader } from '../../drivers/registry.js';
import type { PaginationModel, TableModel } from '../../src/config/model.js';
import {
  api,
  failureOf,
  type Handler,
  httpSource,
  ids,
  newHarness,
  readText,
  records,
  scanAll,
  sendJson,
  specOf,
  type TestApi,
  table,
} from './fixtures.js';

const harness = newHarness({}, createReader);
const common = { sizeParameter: null, place: 'query', size: null, stop: [], maxPages: null } as const;

const nextUrl = (field: string | null, pattern: string | null = null): PaginationModel => ({
  type: 'next_url',
  field,
  pattern,
  ...common,
});

const read = (url: string, pagination: PaginationModel, extra: Partial<TableModel> = {}) =>
  scanAll(harness.scanner, specOf(table(httpSource(url, { pagination }), extra)));

describe('OData', () => {
  it.each([
    [
      '4',
      "$['@odata.nextLink']",
      '$.value[*]',
      (rows: object[], next: string | null) => ({
        '@odata.context': '$metadata',
        value: rows,
        ...(next === null ? {} : { '@odata.nextLink': next }),
      }),
    ],
    [
      '2',
      '$.d.__next',
      '$.d.results[*]',
      (rows: object[], next: string | null) => ({ d: { results: rows, ...(next === null ? {} : { __next: next }) } }),
    ],
  ] as const)('version %s is followed to its end', async (_version, field, selector, page) => {
    const server: TestApi = await api((_request, response, url) => {
      const skip = Number(url.searchParams.get('$skiptoken') ?? 0);
      const next = skip < 20 ? `${server.origin}/Orders?$top=30&$skiptoken=${skip + 10}` : null;
      sendJson(response, page(records(10, skip + 1), next));
    });
    expect((await read(`${server.origin}/Orders?$top=30`, nextUrl(field), { records: selector })).rows).toEqual(
      ids(30),
    );
    expect(server.requests).toHaveLength(3);
    expect(server.requests[2]).toBe('GET /Orders?$top=30&$skiptoken=20');
  });
});

describe('GraphQL', () => {
  it('takes the cursor in the variables of its JSON body', async () => {
    const asked: unknown[] = [];
    const server = await api(async (request, response) => {
      const { variables } = JSON.parse(await readText(request)) as { variables: { after: string | null } };
      asked.push(variables.after);
      const start = variables.after === null ? 0 : Number(variables.after);
      const pageInfo = { hasNextPage: start < 20, endCursor: String(start + 10) };
      sendJson(response, { data: { orders: { nodes: records(10, start + 1), pageInfo } } });
    });
    const pagination: PaginationModel = {
      type: 'cursor',
      parameter: '$.variables.after',
      field: '$.data.orders.pageInfo.endCursor',
      header: null,
      pattern: null,
      start: null,
      ...common,
      place: 'body',
      stop: [{ type: 'has_more', field: '$.data.orders.pageInfo.hasNextPage' }],
    };
    const body = { type: 'json', value: { query: 'query($after: String) { … }', variables: { after: null } } } as const;
    const source = httpSource(server.origin, { pagination, method: 'POST', body });
    const { rows } = await scanAll(harness.scanner, specOf(table(source, { records: '$.data.orders.nodes[*]' })));
    expect(rows).toEqual(ids(30));
    expect(asked).toEqual([null, '10', '20']);
  });
});

describe('a pattern', () => {
  const byPage: (
    tell: (next: number | null, origin: string) => { body?: object; headers?: Record<string, string> },
  ) => Handler = (tell) => (request, response, url) => {
    const page = Number(url.searchParams.get('page') ?? 1);
    const { body, headers } = tell(page < 3 ? page + 1 : null, `http://${request.headers.host}`);
    sendJson(response, { data: records(10, page * 10 - 9), ...body }, headers);
  };
  const cursor = (extra: object): PaginationModel =>
    ({
      type: 'cursor',
      parameter: 'page',
      field: null,
      header: null,
      pattern: null,
      start: null,
      ...common,
      ...extra,
    }) as PaginationModel;

  it.each<[string, PaginationModel, Parameters<typeof byPage>[0]]>([
    [
      'finds a token in a field',
      cursor({ field: '$.links', pattern: 'page=(\\d+)>; next' }),
      (next) => ({ body: { links: next === null ? 'page=1>; first' : `page=1>; first, page=${next}>; next` } }),
    ],
    [
      'finds a token in the whole page',
      cursor({ pattern: '"more":\\{"to":(\\d+)' }),
      (next) => ({ body: next === null ? {} : { more: { to: next } } }),
    ],
    [
      'finds a token in a header',
      cursor({ type: 'header_cursor', header: 'X-Pages', pattern: 'next=(\\d+)' }),
      (next) => ({ headers: { 'x-pages': next === null ? 'all=3' : `all=3; next=${next}` } }),
    ],
    [
      'finds a link in a field',
      nextUrl('$.nav', '<([^>]+)>'),
      (next, origin) => ({ body: { nav: next === null ? 'end' : `go to <${origin}/?page=${next}>` } }),
    ],
    [
      'finds a link in the whole page',
      nextUrl(null, '\\?page=\\d+'),
      (next) => ({ body: next === null ? {} : { comment: `continued at ?page=${next} soon` } }),
    ],
  ])('%s', async (_name, pagination, tell) => {
    const server = await api(byPage(tell));
    expect((await read(server.origin, pagination)).rows).toEqual(ids(30));
    expect(server.requests).toEqual(['GET /', 'GET /?page=2', 'GET /?page=3']);
  });

  it('ends with an error where it finds the same again', async () => {
    const server = await api(byPage(() => ({ body: { comment: '?page=2' } })));
    const error = await failureOf(read(server.origin, nextUrl(null, '\\?page=\\d+')));
    expect(error.sqlstate).toBe('HV000');
    expect(error.message).toContain('twice');
    expect(server.requests.length).toBeLessThanOrEqual(3);
  });
});

describe('pages that come again', () => {
  it.each([
    ['the page before', [1, 2, 2, 3], 'page 3 of table "shop.orders" is identical to page 2'],
    ['the first page', [1, 2, 3, 1, 2, 3], 'page 4 of table "shop.orders" is identical to page 1'],
  ])('end the scan with an error: %s', async (_name, order, message) => {
    let at = 0;
    const server = await api((_request, response) =>
      sendJson(response, { data: records(10, order[at++ % order.length]! * 10) }),
    );
    const pagination = { type: 'page', parameter: 'p', start: 1, step: 1, concurrency: 1, ...common } as const;
    const error = await failureOf(read(server.origin, pagination));
    expect([error.sqlstate, error.message]).toEqual(['HV000', message]);
  });

  it('end it too where each has another token in its header', async () => {
    let at = 0;
    const server = await api((_request, response) =>
      sendJson(response, { data: records(10) }, { 'x-next': `t${++at}` }),
    );
    const pagination: PaginationModel = {
      type: 'header_cursor',
      parameter: 'after',
      field: null,
      header: 'X-Next',
      pattern: null,
      start: null,
      ...common,
    };
    const error = await failureOf(read(server.origin, pagination));
    expect(error.message).toContain('page 2 of table "shop.orders" is identical to page 1');
    expect(server.requests.length).toBeLessThanOrEqual(3);
  });
});

describe('a start token', () => {
  it('is sent with the first request, in the path too', async () => {
    const server = await api((_request, response, url) => {
      const token = url.pathname.split('/').at(-1)!;
      const start = token === 'first' ? 0 : Number(token);
      sendJson(response, { data: records(10, start + 1), next: start < 20 ? String(start + 10) : null });
    });
    const pagination: PaginationModel = {
      type: 'cursor',
      parameter: 'token',
      field: '$.next',
      header: null,
      pattern: null,
      start: 'first',
      ...common,
      place: 'path',
    };
    expect((await read(`${server.origin}/orders/{token}`, pagination)).rows).toEqual(ids(30));
    expect(server.requests).toEqual(['GET /orders/first', 'GET /orders/10', 'GET /orders/20']);
  });
});
